using System.Collections.Immutable;
using Assay.Engine.Performers;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// The attempts of one stream that are under way: begins, performs and ends them, and settles those that a dead engine left. It records
/// nothing; what came of an attempt it hands to the stream's runner.
/// </summary>
internal sealed class RunningAttempts(EngineParts engine, StreamName stream)
{
    private readonly Dictionary<Task<EndedAttempt>, Stoppable> _running = [];

    public int Count => _running.Count;

    /// <summary>One for each, which ends with it.</summary>
    public IReadOnlyCollection<Task> Tasks => _running.Keys;

    /// <summary>Begins an attempt, for which room on the host was taken.</summary>
    /// <param name="effect">What to do.</param>
    /// <param name="number">Its number.</param>
    /// <param name="stop">Ends everything that is under way in the stream.</param>
    public void Begin(Effect effect, int number, CancellationToken stop) => Begin(Attempt(effect, number), stop);

    /// <summary>Settles an attempt that was under way when its engine died: begins it again, or finds out what became of it.</summary>
    /// <returns>What is to be recorded; null: it is under way again.</returns>
    public EffectReport? Settle(Effect effect, EffectStarted started, CancellationToken stop)
    {
        var attempt = Attempt(effect, started.Attempt);
        if (effect.WhenLost == LossPolicy.Repeat)
        {
            BeginAnyway(attempt, stop);
            return null;
        }

        var identity = engine.Session.Identity;
        var sameBoot = started.Host == identity.Host && started.BootId == identity.BootId;
        Reconciliation found;
        try
        {
            found = ((IMarkedPerformer)engine.Performer(effect)).Reconcile(attempt, sameBoot);
        }
        catch (Exception e) when (e is not LedgerException)
        {
            // Not interrupted, which may be repeated: what the attempt left may still be running.
            return Failed(attempt, $"what became of it cannot be found out: {FailureReason.Of(e)}", engine.Time.GetUtcNow());
        }

        if (found is Reconciliation.NotStarted)
        {
            BeginAnyway(attempt with { MarkerHeld = true }, stop);
            return null;
        }

        var lost = (Reconciliation.Interrupted)found;
        return new EffectLost(effect, attempt.Number, lost.Reason, lost.Partial) { CostAtMost = lost.CostAtMost };
    }

    /// <summary>Asks for the end of the attempts at some effects.</summary>
    public async Task EndAsync(IReadOnlyCollection<string> effects)
    {
        foreach (var running in _running.Values.Where(r => effects.Contains(r.EffectId)).ToList()) await running.Stop.CancelAsync();
    }

    /// <summary>Takes out those that have come to their end. What one of them threw is thrown, and it stays.</summary>
    public async Task<IReadOnlyList<EndedAttempt>> CollectAsync()
    {
        var ended = new List<EndedAttempt>();
        foreach (var task in _running.Keys.Where(t => t.IsCompleted).ToList())
        {
            ended.Add(await task);
            _running.Remove(task, out var running);
            running!.Stop.Dispose();
        }

        return ended;
    }

    /// <summary>Begins again what had begun: by the record it is under way, whether there is room for it or not.</summary>
    private void BeginAnyway(Attempt attempt, CancellationToken stop)
    {
        engine.Room.Take(attempt.Effect);
        Begin(attempt, stop);
    }

    private void Begin(Attempt attempt, CancellationToken stop)
    {
        engine.Tell(new AttemptBegan(stream, attempt.Effect, attempt.Number));
        var own = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _running.Add(PerformAsync(attempt, own.Token, stop), new Stoppable(attempt.Effect.Id, own));
    }

    /// <summary>
    /// Performs an attempt. Whatever it throws is its own outcome and nobody else's (ruling 38), but for the loss of the ledger, and an end
    /// that was asked for of the whole stream.
    /// </summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="own">Ends this attempt.</param>
    /// <param name="stop">Ends everything that is under way in the stream.</param>
    private async Task<EndedAttempt> PerformAsync(Attempt attempt, CancellationToken own, CancellationToken stop)
    {
        var startedAt = engine.Time.GetUtcNow();
        try
        {
            var result = await engine.Performer(attempt.Effect).PerformAsync(attempt, own);
            var done = new EffectCompleted(attempt.Effect, attempt.Number, result.Outcome, result.Evidence);
            return new EndedAttempt(done, result.Blobs, attempt.Key);
        }
        catch (Exception e) when (e is not LedgerException && !(e is OperationCanceledException && stop.IsCancellationRequested))
        {
            return new EndedAttempt(Failed(attempt, FailureReason.Of(e), startedAt), [], attempt.Key);
        }
        finally
        {
            engine.Room.Give(attempt.Effect);
        }
    }

    private static EffectCompleted Failed(Attempt attempt, string reason, DateTimeOffset startedAt) => new(
        attempt.Effect, attempt.Number, attempt.Effect.Failed(reason, startedAt), ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty);

    private Attempt Attempt(Effect effect, int number) =>
        new(stream, effect, number, progress => engine.Tell(new AttemptProgressed(stream, effect, progress)));

    /// <summary>An attempt that is under way, and what ends it alone.</summary>
    private sealed record Stoppable(string EffectId, CancellationTokenSource Stop);
}

/// <summary>An attempt that came to its end, with the bytes that become durable with it.</summary>
internal sealed record EndedAttempt(EffectReport Report, IReadOnlyList<Blob> Blobs, AttemptKey Key);
