using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// Advances one stream: claims it, catches up, reconciles what a dead engine left, then performs effects and records their outcomes. One
/// commit carries the outcomes that are there and the starts of what comes next.
/// </summary>
internal sealed class StreamRunner(EngineParts engine, ILane lane, StreamName stream, int concurrency, CancellationToken drain)
{
    /// <summary>How often the lane is asked, while effects are under way, whether the time allows something else.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>How often it is looked whether the claim still holds, of whose loss no event tells.</summary>
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);

    /// <summary>How long a stream is left alone that could not be advanced.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly RunningAttempts _attempts = new(engine, stream);
    private readonly StreamFiles _files = new(engine, lane, stream);
    private readonly SnapshotKeeper _snapshots = new(engine.Workspace.Store, engine.Tell);
    private readonly AsyncSignal _moved = new();
    private readonly RoomSeeker _room = new(new AsyncSignal());
    private bool _lacksRoom;
    private bool _saidThatItWaits;
    private StreamMachine _machine = new(lane, stream);
    private Task _keeping = Task.CompletedTask;
    private Claim? _claim;

    private IEventStore Store => engine.Workspace.Store;

    public async Task<RunResult> RunAsync(CancellationToken cancel)
    {
        _claim = engine.Claims.Take(stream);
        if (_claim is null)
        {
            var claimed = await DeadSessions.ClaimAsync(Store, stream, engine.Session.Identity.Id);
            if (claimed is ClaimResult.Held held) return new RunResult.Owned(held.Owner);
            _claim = ((ClaimResult.Granted)claimed).Claim;
        }

        using var stop = new CancellationTokenSource();
        using var lost = engine.Session.Lost.Register(stop.Cancel);
        var tail = await engine.TailAsync();
        using var watch = tail.Watch(stream, version =>
        {
            if (version > _machine.Head.Version) _moved.Set();
        });
        try
        {
            await CatchUpAsync();
            await ReconcileAsync(stop.Token);
            for (; ; )
            {
                var result = await AdvanceAsync(stop, cancel);
                if (await LetGoAsync(result))
                {
                    engine.Commands.Remember(_machine, isWritten: _files.WrittenTo >= _machine.Head.Version);
                    return result;
                }

                await ReadNewAsync();
            }
        }
        catch
        {
            // The record cannot be continued, so nothing may go on running.
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(_attempts.Tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await HeldClaims.GiveUpAsync(Store, _claim, Rest);
            throw;
        }
        finally
        {
            engine.Room.Leave(_room);
        }
    }

    private async Task<RunResult> AdvanceAsync(CancellationTokenSource stop, CancellationToken cancel)
    {
        var cancelled = new TaskCompletionSource();
        using var registration = cancel.Register(cancelled.SetResult);
        var asked = false;
        var ask = Task.Delay(AskEvery, engine.Time, CancellationToken.None);
        var check = Task.Delay(CheckEvery, engine.Time, CancellationToken.None);
        await CommitAsync(StartEffectsAsync, stop.Token);
        for (; ; )
        {
            engine.Session.Lost.ThrowIfCancellationRequested();
            if (cancel.IsCancellationRequested && !asked)
            {
                asked = true;
                await CommitAsync(pending => pending.Decide(new Cancel("signal")), stop.Token);
                await stop.CancelAsync();
            }

            if (_attempts.Count == 0 && await IdleAsync(stop.Token) is { } result) return result;
            if (_attempts.Count == 0 && !_lacksRoom) continue;
            Task[] end = asked ? [] : [cancelled.Task];
            await Task.WhenAny([.. _attempts.Tasks, ask, _moved.Task, _room.HasRoom.Task, .. end]);
            if (_moved.Task.IsCompleted || _room.HasRoom.Task.IsCompleted || ask.IsCompleted)
            {
                if (!stop.IsCancellationRequested) await AskAsync(stop, isCheck: check.IsCompleted);
                if (check.IsCompleted) check = Task.Delay(CheckEvery, engine.Time, CancellationToken.None);
                ask = Task.Delay(AskEvery, engine.Time, CancellationToken.None);
            }

            var ended = await _attempts.CollectAsync();
            if (ended.Count > 0) await RecordAsync(ended, stop.Token);
        }
    }

    /// <summary>
    /// Takes in what came from outside while effects are under way, and asks the lane, for which also time has passed: it may allow more
    /// effects, or ask for the end of some.
    /// </summary>
    private async Task AskAsync(CancellationTokenSource stop, bool isCheck)
    {
        _room.HasRoom.Reset();
        if (_moved.Task.IsCompleted || isCheck)
        {
            _moved.Reset();
            var found = (await Store.FindAsync(stream))!;

            // What a new owner has written is not to be continued here, not even in memory.
            if (found.Fence != _claim!.Fence) throw TakenOver();
            if (found.Head != _machine.Head) await ReadNewAsync();
        }

        await CommitAsync(
            pending =>
            {
                pending.Decide(WakeUp.Instance);
                return StartEffectsAsync(pending);
            },
            stop.Token);

        var next = lane.Next(_machine.State, _machine.Effects, engine.Time.GetUtcNow());
        if (next is Work.End) await stop.CancelAsync();
        else if (next is Work.Perform { Stop.Count: > 0 } perform) await _attempts.EndAsync(perform.Stop);
    }

    /// <summary>Nothing is under way: the lane has ended, waits, or is told that its time has come.</summary>
    private async Task<RunResult?> IdleAsync(CancellationToken stop)
    {
        var before = _machine.Head;
        switch (lane.Next(_machine.State, _machine.Effects, engine.Time.GetUtcNow()))
        {
            case Work.Finished:
                return new RunResult.Finished(_machine.State);
            case Work.Wait wait:
                if (wait.Until <= engine.Time.GetUtcNow()) await CommitAsync(pending => pending.Decide(WakeUp.Instance), stop);
                return _machine.Head == before ? new RunResult.Waiting(_machine.State, wait) : null;
            case Work.End end:
                throw new InvalidOperationException($"{stream}: the lane asks for the end of what is not under way ({end.Because})");
            case Work.Perform when drain.IsCancellationRequested:
                return new RunResult.Drained(_machine.State);
            default:
                await CommitAsync(StartEffectsAsync, stop);
                if (_machine.Head != before || _lacksRoom) return null;
                throw new InvalidOperationException($"{stream}: the lane asks for work that cannot begin");
        }
    }

    private async Task RecordAsync(IReadOnlyList<EndedAttempt> ended, CancellationToken stop)
    {
        await CommitAsync(
            pending =>
            {
                foreach (var end in ended) pending.Record(end.Report, end.Blobs);
                return StartEffectsAsync(pending);
            },
            stop);
        foreach (var end in ended) engine.Markers.Remove(end.Key);
    }

    private ValueTask StartEffectsAsync(PendingCommit pending)
    {
        _lacksRoom = false;
        return drain.IsCancellationRequested ? default : pending.StartEffectsAsync(concurrency, engine.Session.Identity, Fits);
    }

    /// <summary>Takes room on the host, in the lane's order: behind one that finds none, none that needs some is begun.</summary>
    private bool Fits(Effect effect)
    {
        if (!HostRoom.IsNeededBy(effect)) return true;
        if (_lacksRoom) return false;
        _lacksRoom = !engine.Room.TryTake(_room, effect);
        if (_lacksRoom && _room.IsBehindOthers && !_saidThatItWaits)
        {
            _saidThatItWaits = true;
            engine.Tell(new WaitsForMemory(stream, effect.Id, ((RunProcess)effect).Caps.MemoryBytes ?? 0));
        }

        return !_lacksRoom;
    }

    /// <summary>
    /// Makes a pending commit durable, then does what it asks for. When something came from outside in between, it is made again on the
    /// new state.
    /// </summary>
    private Task CommitAsync(Action<PendingCommit> fill, CancellationToken stop)
    {
        return CommitAsync(Filled, stop);

        ValueTask Filled(PendingCommit pending)
        {
            fill(pending);
            return ValueTask.CompletedTask;
        }
    }

    private async Task CommitAsync(Func<PendingCommit, ValueTask> fill, CancellationToken stop)
    {
        while (!await TryCommitAsync(_machine.Prepare(engine.Time.GetUtcNow(), engine.OpenOtherAsync), fill, stop))
        {
        }
    }

    private async Task<bool> TryCommitAsync(PendingCommit pending, Func<PendingCommit, ValueTask> fill, CancellationToken stop)
    {
        var isDurable = false;
        try
        {
            await fill(pending);
            if (pending.IsEmpty) return true;
            switch (await Store.CommitKnownAsync(pending.ToCommit(_claim!.Fence, _files.WrittenTo), evenStopped: false))
            {
                case CommitResult.Committed:
                    isDurable = true;
                    await AdoptAsync(pending, stop);
                    return true;
                case CommitResult.Conflict conflict:
                    await ReadNewAsync();
                    StreamLoad.AfterConflict(conflict.Stream == stream ? _machine : await engine.OpenOtherAsync(conflict.Stream), conflict);
                    return false;
                case var other:
                    throw other is CommitResult.Fenced ? TakenOver() : new InvalidOperationException($"unknown result {other}");
            }
        }
        finally
        {
            if (!isDurable) pending.Starts.ToList().ForEach(s => engine.Room.Give(s.Effect));
        }
    }

    private async Task AdoptAsync(PendingCommit pending, CancellationToken stop)
    {
        _machine.Adopt(pending);
        foreach (var start in pending.Starts) _attempts.Begin(start.Effect, start.Attempt, stop);
        await _files.WriteAsync(pending.Files, _machine.Head.Version);
        engine.Tell(new EventsCommitted(stream, pending.Recorded, pending.State));
        foreach (var other in pending.Joined) await engine.Commands.FollowUpAsync(other);
        if (_keeping.IsCompleted && SnapshotKeeper.IsDueAtWork(_machine)) _keeping = _snapshots.KeepAsync(_machine);
    }

    private LedgerException TakenOver() => new($"{stream} was taken over by another engine");

    /// <summary>Folds what is stored, and brings the files up to it.</summary>
    private async ValueTask CatchUpAsync()
    {
        _files.Begin((await Store.FindAsync(stream))?.MirroredTo ?? 0);
        if (!await TryCatchUpAsync()) await ReadNewAsync();
        _files.Reached(_machine.Head.Version);
    }

    /// <summary>
    /// The same from a fold that was kept. One that somebody made up may fail in any way with what came since, and is of no use then.
    /// </summary>
    private async ValueTask<bool> TryCatchUpAsync()
    {
        var kept = engine.Commands.Remembered(stream, _files.WrittenTo)
            ?? await StreamLoad.KeptAsync(Store, lane, stream, _files.WrittenTo);
        if (kept is null) return false;
        var fresh = _machine;
        try
        {
            _machine = kept;
            await ReadNewAsync();
            return true;
        }
        catch (Exception e) when (e is not LedgerException)
        {
            _machine = fresh;
            return false;
        }
    }

    private async ValueTask ReadNewAsync()
    {
        foreach (var stored in await Store.ReadAsync(stream, _machine.Head.Version))
        {
            var folded = _machine.Apply(stored.Bytes);
            if (folded.Recorded.Version <= _files.WrittenTo) continue;
            await _files.RestoreAsync(folded);
            if (folded.Recorded.Body is EffectFinished done) engine.Markers.Remove(new AttemptKey(stream, done.EffectId, done.Attempt));
        }
    }

    /// <summary>Settles every effect that was under way when its engine died, before anything new begins.</summary>
    private async Task ReconcileAsync(CancellationToken stop)
    {
        foreach (var started in _machine.Effects.InFlight.Values)
        {
            var effect = lane.EffectOf(_machine.State, started.EffectId);
            if (_attempts.Settle(effect, started, stop) is not { } report) continue;
            await CommitAsync(pending => pending.Record(report, []), stop);
            if (report is EffectLost) engine.Markers.Remove(new AttemptKey(stream, effect.Id, started.Attempt));
        }
    }

    /// <summary>Gives the claim back. False when something arrived in the meantime.</summary>
    private async Task<bool> LetGoAsync(RunResult result)
    {
        await _files.CatchUpAsync(_machine.Head.Version);
        await _keeping;
        if (SnapshotKeeper.IsDueAtRest(_machine)) await _snapshots.KeepAsync(_machine);
        await Store.CommitAsync(new Commit([new StreamAppend(stream, _machine.Head, [], _claim!.Fence) { MirroredTo = _files.WrittenTo }]));
        TimeSpan? wakeAfter = result switch
        {
            RunResult.Waiting waiting => waiting.For.Until - engine.Time.GetUtcNow(),
            RunResult.Drained => TimeSpan.Zero,
            _ => null,
        };
        return await Store.ReleaseAsync(_claim, _machine.Head.Version, wakeAfter);
    }
}
