using Assay.Native;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// Tells those who listen that something has become durable, whichever process of this host made it so. Every commit writes a byte to the
/// lock file, which the kernel tells to all who watch it; no table is looked at. A build before this one writes no such byte, and a host
/// may have no watch left: then the write-ahead log's size and time say the same, a little later.
/// </summary>
internal sealed class CommitBell : IDisposable
{
    /// <summary>Commits that come closer together are told once.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEveryUnwatched = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _ended = new();
    private Listener[] _listeners = [];
    private FileWatch? _watch;
    private Thread? _thread;

    /// <param name="path">The ledger's database file.</param>
    public CommitBell(string path) => _path = path;

    /// <summary>Calls, on a thread of its own, after commits: once for all that came since the last call. It must return soon.</summary>
    /// <returns>What ends it.</returns>
    public IDisposable Listen(Action heard)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ended.IsSet, this);
            var listener = new Listener(this, heard);
            _listeners = [.. _listeners, listener];
            if (_thread is null) Start();
            return listener;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _listeners = [];
            _ended.Set();
            _watch?.End();
        }

        _thread?.Join();
        _watch?.Dispose();
        _ended.Dispose();
    }

    private void Start()
    {
        _watch = FileWatch.TryOpen(WriteLock.PathFor(_path));
        var seen = Look();
        _thread = new Thread(() => Run(seen)) { IsBackground = true, Name = "assay-tail" };
        _thread.Start();
    }

    private void Run(LedgerFiles? seen)
    {
        while (!_ended.IsSet)
        {
            var rung = Wait();
            var now = Look();
            if (!rung && now == seen) continue;
            seen = now;
            foreach (var listener in _listeners) listener.Heard();
            _ended.Wait(Pace);
        }
    }

    private bool Wait()
    {
        if (_watch is { } watch) return watch.Wait(LookEvery);
        _ended.Wait(LookEveryUnwatched);
        return false;
    }

    /// <summary>
    /// The files as they lie there; null when they are gone, of which those who listen hear once, and see what it means to them.
    /// </summary>
    private LedgerFiles? Look()
    {
        try
        {
            return LedgerFiles.At(_path);
        }
        catch (LedgerException)
        {
            return null;
        }
    }

    private void Remove(Listener listener)
    {
        lock (_gate) _listeners = [.. _listeners.Where(l => l != listener)];
    }

    private sealed class Listener(CommitBell bell, Action heard) : IDisposable
    {
        public Action Heard => heard;

        public void Dispose() => bell.Remove(this);
    }
}
