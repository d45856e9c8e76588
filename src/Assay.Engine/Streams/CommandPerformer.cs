using System.Collections.Immutable;
using Assay.Engine.Performers;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>
/// Performs a <see cref="ChildStream"/> that ends only when the other stream has, and one that was begun by a build which put each
/// command in a commit of its own. The command does no harm when it is put again, so an interrupted attempt simply goes on.
/// </summary>
internal sealed class CommandPerformer(EngineParts engine, StreamRuns runs) : IEffectPerformer
{
    /// <summary>How often it is looked whether another engine has brought the stream to its end.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public async Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel)
    {
        var effect = (ChildStream)attempt.Effect;
        var lane = engine.Lanes[effect.Stream];
        var (decision, state) = await engine.Commands.SubmitAsync(lane, effect.Stream, effect.Command);
        if (decision is Decision.Refused refused) return Result(effect, refused.Refusal.Answer);
        return Result(effect, lane.Answer(effect.UntilEnd ? await EndAsync(lane, effect.Stream, cancel) : state, effect.Command));
    }

    private async Task<object> EndAsync(ILane lane, StreamName stream, CancellationToken cancel)
    {
        for (; ; )
        {
            switch (await runs.RunAsync(lane, stream, concurrency: 1, cancel, CancellationToken.None))
            {
                case RunResult.Finished finished:
                    return finished.State;
                case RunResult.Owned when cancel.IsCancellationRequested:
                    return (await StreamLoad.OfAsync(engine.Workspace.Store, lane, stream)).State;
                case RunResult.Owned owned:
                    var isOurs = owned.By.Id == engine.Session.Identity.Id;
                    var free = isOurs ? runs.LetGoAsync(stream).WaitAsync(cancel) : Task.Delay(LookEvery, cancel);
                    await free.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
                case var other:
                    throw new InvalidOperationException($"{stream} neither ended nor is another engine's: {other}");
            }
        }
    }

    private static EffectResult Result(ChildStream effect, StreamAnswer answer) => new(
        new AnswerOutcome(effect.Stream, answer),
        ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty,
        answer.Document.IsEmpty ? [] : [Blob.Of(answer.Document)]);
}
