using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>Performs <see cref="CommandStream"/>. The command does no harm when it is put again, so an interrupted attempt simply goes on.</summary>
internal sealed class CommandPerformer(AssayEngine engine) : IEffectPerformer
{
    /// <summary>How often it is looked whether another engine has brought the stream to its end.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>How often, when it is another effect of this engine that does so.</summary>
    private static readonly TimeSpan LookOften = TimeSpan.FromMilliseconds(5);

    public async Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel)
    {
        var effect = (CommandStream)attempt.Effect;
        var (decision, state) = await engine.Desk.SubmitAsync(effect.Lane, effect.Stream, effect.Command);
        if (decision is Decision.Refused refused)
        {
            var reason = $"{refused.Refusal.Kind.Code}: {refused.Refusal.Text}";
            return Result(new StreamReading(new StreamOutcome(effect.Stream.ToString(), StreamOutcome.Refused, reason)));
        }

        return Result(effect.Result(effect.UntilEnd ? await EndAsync(effect, cancel) : state));
    }

    public Reconciliation Reconcile(Attempt attempt, bool sameBoot) => new Reconciliation.NotStarted(MarkerHeld: false);

    private async Task<object> EndAsync(CommandStream effect, CancellationToken cancel)
    {
        for (; ; )
        {
            switch (await engine.RunAsync(effect.Lane, effect.Stream, concurrency: 1, cancel))
            {
                case RunResult.Finished finished:
                    return finished.State;
                case RunResult.Owned when cancel.IsCancellationRequested:
                    return AssayEngine.Load(engine.Workspace.Store, effect.Lane, effect.Stream).State;
                case RunResult.Owned owned:
                    await Task.Delay(owned.By.Id == engine.Session.Identity.Id ? LookOften : LookEvery, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
                case var other:
                    throw new InvalidOperationException($"{effect.Stream} neither ended nor is another engine's: {other}");
            }
        }
    }

    private static EffectResult Result(StreamReading reading)
    {
        var evidence = ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;
        return reading.Document.IsEmpty
            ? new EffectResult(reading.Outcome, evidence, [])
            : new EffectResult(reading.Outcome, evidence.Add(StreamReading.DocumentName, reading.Document), [Blob.Of(reading.Document)]);
    }
}
