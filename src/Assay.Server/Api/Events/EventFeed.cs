using Assay.Engine.Streams;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Server.Api.Events;

/// <summary>One stream that somebody listens to. It is read once for all of them, when it has moved.</summary>
internal sealed class EventFeed : IDisposable
{
    /// <summary>The last events, from which those who come again get what they missed.</summary>
    private const int MaxKept = 512;

    private readonly IEventReader _store;
    private readonly EventReading _reading;
    private readonly IDisposable _watch;
    private readonly SemaphoreSlim _moved = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Queue<FeedEvent> _kept = new();
    private readonly List<Listener> _listeners = [];
    private long _keptBehind;
    private long _folded;
    private Exception? _failure;

    public EventFeed(IEventReader store, StreamTail tail, StreamName stream, EventReading reading)
    {
        (_store, Stream, _reading, _keptBehind) = (store, stream, reading, reading.Version);

        // Watched before it is read, so that nothing falls between.
        _watch = tail.Watch(stream, _ => Wake());
        _ = Task.Run(RunAsync);
    }

    public StreamName Stream { get; }

    /// <summary>How many events were folded, whoever listens.</summary>
    public long Folded => Volatile.Read(ref _folded);

    /// <summary>Ends when it has been read for the first time.</summary>
    public Task Ready => _ready.Task;

    /// <summary>
    /// Takes in one who has seen all up to a version, with what he missed; null when that is not kept any more, and he has to read it
    /// first.
    /// </summary>
    public (IReadOnlyList<FeedEvent> Missed, Listener Listener)? TryJoin(long seen)
    {
        lock (_gate)
        {
            if (_failure is { } why) throw new LedgerException($"{Stream} cannot be read any more: {why.Message}");
            if (seen < _keptBehind) return null;
            var listener = new Listener();
            _listeners.Add(listener);
            return ([.. _kept.Where(e => e.Version > seen)], listener);
        }
    }

    public void Leave(Listener listener)
    {
        lock (_gate) _listeners.Remove(listener);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _end.Cancel();
    }

    private void Wake()
    {
        // One that waits already will see this as well.
        lock (_moved)
        {
            if (_moved.CurrentCount == 0) _moved.Release();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            for (; ; )
            {
                await _moved.WaitAsync(_end.Token);
                for (var before = -1L; before != _reading.Version;)
                {
                    before = _reading.Version;
                    Deliver(await _reading.NextAsync(_store, Stream));
                }

                _ready.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody listens any more.
        }
        catch (Exception e)
        {
            // Those who listen come again, and are told what is wrong with the ledger.
            CutAll(e);
        }
    }

    private void Deliver(IReadOnlyList<FeedEvent> events)
    {
        lock (_gate)
        {
            Volatile.Write(ref _folded, _reading.Folded);
            foreach (var told in events)
            {
                _kept.Enqueue(told);
                if (_kept.Count > MaxKept) _keptBehind = _kept.Dequeue().Version;
                _listeners.RemoveAll(l => !l.TryTell(told));
            }
        }
    }

    private void CutAll(Exception why)
    {
        lock (_gate)
        {
            _failure = why;
            _ready.TrySetResult();
            foreach (var listener in _listeners) listener.Cut();
            _listeners.Clear();
        }
    }
}
