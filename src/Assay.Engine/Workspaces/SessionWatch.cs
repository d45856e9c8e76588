using Assay.Ledger;
using Assay.Native;

namespace Assay.Engine.Workspaces;

/// <summary>
/// Ends the sessions of workers of this host that died, of which no commit tells: as soon as the kernel tells of it, where the worker was
/// known before. It gets to know of workers when something is committed, and whenever its owner looks around.
/// </summary>
internal sealed class SessionWatch : IDisposable
{
    private static readonly TimeSpan LookAtMostEvery = TimeSpan.FromSeconds(1);

    private readonly IEventStore _store;
    private readonly TimeProvider _time;
    private readonly ProcessEnds _ends;
    private volatile bool _hasOneEnded;
    private DateTimeOffset _lookedAt = DateTimeOffset.MinValue;

    /// <param name="store">Where sessions are known.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ended">Is called when a worker has died, from any thread.</param>
    public SessionWatch(IEventStore store, TimeProvider time, Action ended)
    {
        (_store, _time) = (store, time);
        _ends = new ProcessEnds(() =>
        {
            _hasOneEnded = true;
            ended();
        });
    }

    /// <summary>When it is to be looked again, if nothing else tells that before.</summary>
    public DateTimeOffset NextLookAt { get; private set; } = DateTimeOffset.MaxValue;

    /// <summary>Looks, unless it is known that nothing has changed, or it was just done.</summary>
    /// <param name="isTime">Its owner looks around at everything.</param>
    /// <param name="isWoken">Something was committed since the last call, perhaps by a worker that is new.</param>
    /// <returns>Whether a session was ended, so that what it owned is free.</returns>
    public async Task<bool> FreeDeadAsync(bool isTime, bool isWoken)
    {
        var now = _time.GetUtcNow();
        if (isWoken) NextLookAt = Earlier(NextLookAt, _lookedAt + LookAtMostEvery);
        if (!isTime && !_hasOneEnded && now < NextLookAt && now >= _lookedAt) return false;
        _hasOneEnded = false;
        var (ended, others) = await DeadSessions.EndAsync(_store);
        var processes = others.Where(SessionProcess.IsOfThisBoot).Select(s => s.ProcessId);
        _ends.Watch(processes.Where(p => p != Environment.ProcessId).ToHashSet());
        _lookedAt = now;
        NextLookAt = _ends.IsBlind ? now + LookAtMostEvery : DateTimeOffset.MaxValue;
        return ended > 0;
    }

    public void Dispose() => _ends.Dispose();

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
