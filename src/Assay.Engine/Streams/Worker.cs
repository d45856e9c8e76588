using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>A lane whose streams a worker advances.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="AdvanceAsync">
/// Brings a stream as far as it goes now. The first token ends what is under way, the second lets it come to its end and begins nothing.
/// </param>
public sealed record ServedLane(ILane Lane, Func<StreamName, CancellationToken, CancellationToken, Task<RunResult>> AdvanceAsync)
{
    /// <summary>Which of its streams are this worker's business; null: all.</summary>
    public Func<IEnumerable<StreamName>>? Only { get; init; }

    /// <summary>Whether its streams are advanced beside all others, because those would wait for them.</summary>
    public bool IsBeside { get; init; }

    /// <summary>Those that are advanced at the beginning, due or not: also one that has ended says so.</summary>
    public IReadOnlyList<StreamName> First { get; init; } = [];
}

/// <summary>What a worker tells of a stream that it advanced.</summary>
public abstract record WorkerNotice(StreamName Stream)
{
    /// <summary>It was advanced as far as it goes now.</summary>
    public sealed record LetGo(StreamName Stream, RunResult Result) : WorkerNotice(Stream);

    /// <summary>It could not be advanced, and is tried again after a while.</summary>
    public sealed record NotAdvanced(StreamName Stream, Exception Cause) : WorkerNotice(Stream);
}

/// <summary>
/// Advances whatever is due in a workspace, of all lanes that it serves. Any number of workers share the work: each stream has one owner
/// at a time. Lanes take turns; within one, the most urgent comes first, then what has waited longest. What is due it is told by the tail
/// of commits, and claims at once as much of it as it has room for.
/// </summary>
public sealed class Worker
{
    /// <summary>How often it is looked for what is due though nothing was committed: a lease of another host may have run out.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>How long a stream is left alone that somebody else has just taken.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<Task<RunResult>, Running> _running = [];
    private readonly Dictionary<StreamName, DateTimeOffset> _resting = [];
    private readonly AsyncSignal _woken = new();
    private readonly EngineParts _engine;
    private readonly List<ServedLane> _lanes;
    private readonly int _concurrency;
    private readonly Action<WorkerNotice> _told;
    private DateTimeOffset _lookAt = DateTimeOffset.MinValue;
    private int _turn;

    /// <param name="engine">What performs the work.</param>
    /// <param name="lanes">The lanes that it serves.</param>
    /// <param name="concurrency">How many streams at once.</param>
    /// <param name="told">Is told of each stream that was advanced, one at a time.</param>
    internal Worker(EngineParts engine, IReadOnlyList<ServedLane> lanes, int concurrency, Action<WorkerNotice> told) =>
        (_engine, _lanes, _concurrency, _told) = (engine, [.. lanes], concurrency, told);

    private IEventStore Store => _engine.Workspace.Store;

    private string Own => _engine.Session.Identity.Id;

    /// <summary>Works until there is nothing to do, or for ever.</summary>
    /// <param name="once">Leave when nothing is due and nothing under way.</param>
    /// <param name="cancel">Ends what is under way, records that, and leaves.</param>
    /// <param name="drain">Begins nothing more, lets what is under way come to its end, and leaves.</param>
    /// <exception cref="LedgerException">The ledger failed, or this worker's lease was lost.</exception>
    public async Task RunAsync(bool once, CancellationToken cancel, CancellationToken drain)
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancel, drain, _engine.Session.Lost);
        var tail = await _engine.TailAsync();
        using var watching = tail.WatchAll(_woken.Set);
        using var others = new SessionWatch(Store, _engine.Time, _woken.Set);
        using var leaving = leave.Token.Register(_woken.Set);
        foreach (var lane in _lanes)
        {
            foreach (var stream in lane.First) Start(lane, stream, null, cancel, drain);
        }

        while (!leave.IsCancellationRequested)
        {
            var wasWoken = _woken.Task.IsCompleted;
            _woken.Reset();
            var isTime = _lookAt <= _engine.Time.GetUtcNow();
            if (await others.FreeDeadAsync(isTime, wasWoken) || wasWoken || isTime) await StartDueAsync(leave.Token, cancel, drain);
            if (once && _running.Count == 0) break;
            await WaitAsync(others.NextLookAt);
            if (await ReapAsync()) _lookAt = DateTimeOffset.MinValue;
        }

        while (_running.Count > 0)
        {
            await Task.WhenAny(_running.Keys);
            await ReapAsync();
        }

        if (!_engine.Session.Lost.IsCancellationRequested) return;
        throw new LedgerException("this worker could not renew its lease: others own its work now");
    }

    /// <summary>Waits for a commit, for the end of what is under way, or for the next time at which it is to be looked.</summary>
    private async Task WaitAsync(DateTimeOffset lookForDeadAt)
    {
        var pause = Earlier(_lookAt, lookForDeadAt) - _engine.Time.GetUtcNow();
        if (pause <= TimeSpan.Zero) return;
        using var woken = new CancellationTokenSource();
        await Task.WhenAny([.. _running.Keys, _woken.Task, Task.Delay(pause, _engine.Time, woken.Token)]);
        await woken.CancelAsync();
    }

    private async Task StartDueAsync(CancellationToken leave, CancellationToken cancel, CancellationToken drain)
    {
        var now = _engine.Time.GetUtcNow();
        foreach (var (stream, _) in _resting.Where(r => r.Value <= now).ToList()) _resting.Remove(stream);
        foreach (var lane in _lanes.Where(l => l.Only is not null))
        {
            foreach (var stream in lane.Only!().Where(IsFree).ToList())
            {
                if ((lane.IsBeside || Room > 0) && await IsDueHereAsync(stream)) Start(lane, stream, null, cancel, drain);
            }
        }

        foreach (var lane in _lanes.Where(l => l is { Only: null, IsBeside: true })) await ClaimAsync([lane], _concurrency);
        List<ServedLane> inTurn = [.. _lanes.Skip(_turn), .. _lanes.Take(_turn)];
        await ClaimAsync([.. inTurn.Where(l => l is { Only: null, IsBeside: false })], Room);
        var next = LookEvery;
        foreach (var lane in _lanes)
        {
            if (await Store.NextWakeAsync(lane.Lane.Name) is { } wake && wake < next) next = wake;
        }

        _lookAt = _resting.Values.Append(now + next).Min();

        async Task ClaimAsync(IReadOnlyList<ServedLane> lanes, int room)
        {
            if (room <= 0 || lanes.Count == 0) return;
            foreach (var claim in await Store.ClaimDueAsync([.. lanes.Select(l => l.Lane.Name)], Own, room))
            {
                // Who was told to leave meanwhile begins nothing more.
                if (leave.IsCancellationRequested)
                {
                    await HeldClaims.GiveUpAsync(Store, claim, TimeSpan.Zero);
                    continue;
                }

                var lane = lanes.First(l => l.Lane.Name == claim.Stream.Lane);
                if (!lane.IsBeside) _turn = (_lanes.IndexOf(lane) + 1) % _lanes.Count;
                Start(lane, claim.Stream, claim, cancel, drain);
            }
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>How many more streams it may advance at once.</summary>
    private int Room => _concurrency - _running.Values.Count(r => !r.Lane.IsBeside);

    private bool IsFree(StreamName stream) => !_resting.ContainsKey(stream) && _running.Values.All(r => r.Stream != stream);

    /// <summary>Whether a stream that only this worker is to advance is due, and nobody else's.</summary>
    private async ValueTask<bool> IsDueHereAsync(StreamName stream) =>
        await Store.FindAsync(stream) is { IsDue: true } && ((await StreamOwner.OfAsync(Store, stream))?.Id ?? Own) == Own;

    private void Start(ServedLane lane, StreamName stream, Claim? claim, CancellationToken cancel, CancellationToken drain)
    {
        if (claim is not null) _engine.Claims.Hold(claim);

        // It may have been let go and be due again while its lane still puts away what it had of it.
        Task before = Task.WhenAll(_running.Where(r => r.Value.Stream == stream).Select(r => r.Key));
        _running.Add(Task.Run(() => AdvanceAsync(lane, stream, before, cancel, drain), CancellationToken.None), new Running(stream, lane));
    }

    private async Task<RunResult> AdvanceAsync(ServedLane lane, StreamName stream, Task before, CancellationToken cancel, CancellationToken drain)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            return await lane.AdvanceAsync(stream, cancel, drain);
        }
        finally
        {
            if (_engine.Claims.Take(stream) is { } unused) await HeldClaims.GiveUpAsync(Store, unused, StreamRunner.Rest);
        }
    }

    /// <summary>Lets go what has come to its end. False when nothing has.</summary>
    private async ValueTask<bool> ReapAsync()
    {
        var ended = _running.Where(r => r.Key.IsCompleted).ToList();
        foreach (var (task, (stream, _)) in ended)
        {
            _running.Remove(task);
            if (task.IsCompletedSuccessfully) LetGo(stream, await task);
            else await FailedAsync(stream, task.Exception?.InnerException ?? new OperationCanceledException());
        }

        return ended.Count > 0;
    }

    private void LetGo(StreamName stream, RunResult result)
    {
        if (result is RunResult.Owned) _resting[stream] = _engine.Time.GetUtcNow() + Rest;
        _told(new WorkerNotice.LetGo(stream, result));
    }

    /// <summary>One stream that cannot be read, or that another worker took over, ends nothing but its own turn.</summary>
    private async ValueTask FailedAsync(StreamName stream, Exception cause)
    {
        if (cause is LedgerException) _ = await Store.FindAsync(stream);
        _told(new WorkerNotice.NotAdvanced(stream, cause));
    }

    /// <summary>A stream that is being advanced.</summary>
    private sealed record Running(StreamName Stream, ServedLane Lane);
}
