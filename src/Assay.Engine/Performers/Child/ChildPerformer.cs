using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Engine.Performers.Child;

/// <summary>Performs <see cref="RunChild"/>. The child is a stream that remembers how far it came, so an interrupted attempt simply goes on.</summary>
internal sealed class ChildPerformer(Func<RunChild, CancellationToken, Task<StreamAnswer>> run) : IEffectPerformer
{
    public async Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel)
    {
        var child = (RunChild)attempt.Effect;
        var outcome = new AnswerOutcome(StreamName.Of(child.Lane, child.ChildId), await run(child, cancel));
        return new EffectResult(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }
}
