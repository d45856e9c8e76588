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
/// at a time. Lanes take turns; within one, what has waited longest comes first. What is due it is told by the tail of commits.
/// </summary>
public sealed class Worker
{
    /// <summary>How often it is looked for workers of this host that died, of which no commit tells.</summary>
    private static readonly TimeSpan LookForDeadEvery = TimeSpan.FromSeconds(1);

    /// <summary>How often it is looked for what is due though nothing was committed: a lease of another host may have run out.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>How long a stream is left alone that somebody else has just taken.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<Task<RunResult>, Running> _running = [];
    private readonly Dictionary<StreamName, DateTimeOffset> _resting = [];
    private readonly AsyncSignal _woken = new();
    private readonly EngineParts _engine;
    private readonly IReadOnlyList<ServedLane> _lanes;
    private readonly int _concurrency;
    private readonly Action<WorkerNotice> _told;
    private DateTimeOffset _lookForDeadAt = DateTimeOffset.MinValue;
    private DateTimeOffset _lookAt = DateTimeOffset.MinValue;
    private int _turn;

    /// <param name="engine">What performs the work.</param>
    /// <param name="lanes">The lanes that it serves.</param>
    /// <param name="concurrency">How many streams at once.</param>
    /// <param name="told">Is told of each stream that was advanced, one at a time.</param>
    internal Worker(EngineParts engine, IReadOnlyList<ServedLane> lanes, int concurrency, Action<WorkerNotice> told) =>
        (_engine, _lanes, _concurrency, _told) = (engine, lanes, concurrency, told);

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
        using var watching = _engine.Tail.WatchAll(_woken.Set);
        using var leaving = leave.Token.Register(_woken.Set);
        foreach (var lane in _lanes)
        {
            foreach (var stream in lane.First) Start(lane, stream, cancel, drain);
        }

        while (!leave.IsCancellationRequested)
        {
            var wasWoken = _woken.Task.IsCompleted;
            _woken.Reset();
            if (await FreeDeadAsync() || wasWoken || _lookAt <= _engine.Time.GetUtcNow()) StartDue(cancel, drain);
            if (once && _running.Count == 0) break;
            await WaitAsync();
            if (Reap()) _lookAt = DateTimeOffset.MinValue;
        }

        while (_running.Count > 0)
        {
            await Task.WhenAny(_running.Keys);
            Reap();
        }

        if (!_engine.Session.Lost.IsCancellationRequested) return;
        throw new LedgerException("this worker could not renew its lease: others own its work now");
    }

    /// <summary>Waits for a commit, for the end of what is under way, or for the next time at which it is to be looked.</summary>
    private async Task WaitAsync()
    {
        var pause = Earlier(_lookAt, _lookForDeadAt) - _engine.Time.GetUtcNow();
        if (pause <= TimeSpan.Zero) return;
        using var woken = new CancellationTokenSource();
        await Task.WhenAny([.. _running.Keys, _woken.Task, Task.Delay(pause, _engine.Time, woken.Token)]);
        await woken.CancelAsync();
    }

    /// <summary>What a worker owned that was killed is free at once, without waiting for its lease.</summary>
    /// <returns>Whether anything was freed.</returns>
    private async Task<bool> FreeDeadAsync()
    {
        var now = _engine.Time.GetUtcNow();
        if (now < _lookForDeadAt && now > _lookForDeadAt - LookForDeadEvery) return false;
        _lookForDeadAt = now + LookForDeadEvery;
        return await DeadSessions.EndAsync(Store);
    }

    private void StartDue(CancellationToken cancel, CancellationToken drain)
    {
        var now = _engine.Time.GetUtcNow();
        foreach (var (stream, _) in _resting.Where(r => r.Value <= now).ToList()) _resting.Remove(stream);
        foreach (var lane in _lanes.Where(l => l.IsBeside))
        {
            foreach (var stream in Due(lane).Where(IsFree).ToList()) Start(lane, stream, cancel, drain);
        }

        if (!IsFull) StartInTurns(cancel, drain);
        var next = _lanes.Min(l => Store.NextWake(l.Lane.Name)) is { } wake && wake < LookEvery ? wake : LookEvery;
        _lookAt = _resting.Values.Append(now + next).Min();
    }

    private void StartInTurns(CancellationToken cancel, CancellationToken drain)
    {
        var due = _lanes.Select(l => new Queue<StreamName>(l.IsBeside ? [] : Due(l).Where(IsFree))).ToList();
        while (!IsFull && due.Exists(q => q.Count > 0))
        {
            _turn = (_turn + 1) % _lanes.Count;
            if (due[_turn].TryDequeue(out var stream)) Start(_lanes[_turn], stream, cancel, drain);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private bool IsFull => _running.Values.Count(r => !r.Lane.IsBeside) >= _concurrency;

    private bool IsFree(StreamName stream) => !_resting.ContainsKey(stream) && _running.Values.All(r => r.Stream != stream);

    private void Start(ServedLane lane, StreamName stream, CancellationToken cancel, CancellationToken drain) =>
        _running.Add(Task.Run(() => lane.AdvanceAsync(stream, cancel, drain), CancellationToken.None), new Running(stream, lane));

    private IEnumerable<StreamName> Due(ServedLane lane) => lane.Only is { } only
        ? only().Where(s => Store.Find(s) is { IsDue: true } && (StreamOwner.Of(Store, s)?.Id ?? Own) == Own)
        : Store.Due(lane.Lane.Name, _concurrency + _running.Count + _resting.Count);

    /// <summary>Lets go what has come to its end. False when nothing has.</summary>
    private bool Reap()
    {
        var ended = _running.Where(r => r.Key.IsCompleted).ToList();
        foreach (var (task, (stream, _)) in ended)
        {
            _running.Remove(task);
            if (task.IsCompletedSuccessfully) LetGo(stream, task.Result);
            else Failed(stream, task.Exception?.InnerException ?? new OperationCanceledException());
        }

        return ended.Count > 0;
    }

    private void LetGo(StreamName stream, RunResult result)
    {
        if (result is RunResult.Owned) _resting[stream] = _engine.Time.GetUtcNow() + Rest;
        _told(new WorkerNotice.LetGo(stream, result));
    }

    /// <summary>One stream that cannot be read, or that another worker took over, ends nothing but its own turn.</summary>
    private void Failed(StreamName stream, Exception cause)
    {
        if (cause is LedgerException) _ = Store.Find(stream);
        _told(new WorkerNotice.NotAdvanced(stream, cause));
    }

    /// <summary>A stream that is being advanced.</summary>
    private sealed record Running(StreamName Stream, ServedLane Lane);
}
