using System.Collections.Immutable;
using Assay.Kernel.Effects;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs an effect on copies of trees, away from the thread that asks. What goes wrong with files is its outcome.</summary>
internal abstract class TreePerformer<T> : IEffectPerformer
    where T : Effect
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) =>
        Task.Run(() => ResultAsync((T)attempt.Effect, cancel), CancellationToken.None);

    /// <summary>Does it.</summary>
    /// <exception cref="IOException">It cannot be done.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    protected abstract ValueTask<EffectOutcome> DoAsync(T effect, CancellationToken cancel);

    private async Task<EffectResult> ResultAsync(T effect, CancellationToken cancel)
    {
        EffectOutcome outcome;
        try
        {
            outcome = await DoAsync(effect, cancel);
        }
        catch (OperationCanceledException)
        {
            outcome = effect.Failed("it was cancelled", default);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            outcome = effect.Failed(e.Message, default);
        }

        return new EffectResult(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }
}
