using System.Collections.Immutable;
using Assay.Kernel.Effects;

namespace Assay.Engine.Streams;

/// <summary>Performs <see cref="RunChild"/>. The child is a stream that remembers how far it came, so an interrupted attempt simply goes on.</summary>
internal sealed class ChildPerformer(Func<RunChild, CancellationToken, Task<ChildOutcome>> run) : IEffectPerformer
{
    public async Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) =>
        new(await run((RunChild)attempt.Effect, cancel), ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
}
