using System.Collections.Immutable;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// Tells, within milliseconds, which streams have new events, whoever of this host committed them. The ledger is asked once for all who
/// watch, and only when something was committed.
/// </summary>
public sealed class StreamTail : IAsyncDisposable
{
    private readonly IEventStore _store;
    private readonly IDisposable _listening;
    private readonly AsyncSignal _heard = new();
    private readonly Task _reading;
    private ImmutableDictionary<StreamName, ImmutableList<Action<long>>> _byStream =
        ImmutableDictionary<StreamName, ImmutableList<Action<long>>>.Empty;

    private ImmutableList<Action> _all = [];
    private volatile bool _hasEnded;
    private long _position;

    private StreamTail(IEventStore store, long position)
    {
        (_store, _position) = (store, position);
        _listening = store.Listen(Heard);
        _reading = ReadAsync();
    }

    /// <summary>Begins at what is there now.</summary>
    /// <param name="store">The ledger.</param>
    public static async Task<StreamTail> OpenAsync(IEventStore store) => new(store, (await store.ChangesAsync(long.MaxValue - 1)).Position);

    /// <summary>Is told the last version of a stream whenever it has new events, from any thread. Must return soon.</summary>
    /// <returns>What ends it.</returns>
    public IDisposable Watch(StreamName stream, Action<long> moved)
    {
        ImmutableInterlocked.AddOrUpdate(ref _byStream, stream, [moved], (_, list) => list.Add(moved));
        return new Watcher(() => ImmutableInterlocked.Update(ref _byStream, Without, (stream, moved)));
    }

    /// <summary>
    /// Is told whenever anything was committed, from any thread: events, but also that a stream was let go. Must return soon.
    /// </summary>
    /// <returns>What ends it.</returns>
    public IDisposable WatchAll(Action committed)
    {
        ImmutableInterlocked.Update(ref _all, list => list.Add(committed));
        return new Watcher(() => ImmutableInterlocked.Update(ref _all, list => list.Remove(committed)));
    }

    public async ValueTask DisposeAsync()
    {
        _listening.Dispose();
        _hasEnded = true;
        _heard.Set();
        await _reading;
    }

    private void Heard()
    {
        foreach (var committed in _all) committed();
        if (!_byStream.IsEmpty) _heard.Set();
    }

    /// <summary>Reads what was heard of, by itself, so that whoever committed it does not wait.</summary>
    private async Task ReadAsync()
    {
        while (!_hasEnded)
        {
            await _heard.Task;
            _heard.Reset();
            if (!_hasEnded) await TellAsync();
        }
    }

    private async ValueTask TellAsync()
    {
        try
        {
            var changes = await _store.ChangesAsync(_position);
            _position = changes.Position;
            foreach (var (stream, version) in changes.Streams) Tell(stream, version);
        }
        catch (LedgerException)
        {
            // Whoever watches looks for himself, and finds what is wrong with the ledger.
            foreach (var stream in _byStream.Keys) Tell(stream, long.MaxValue);
        }
    }

    private static ImmutableDictionary<StreamName, ImmutableList<Action<long>>> Without(
        ImmutableDictionary<StreamName, ImmutableList<Action<long>>> watched, (StreamName Stream, Action<long> Moved) gone)
    {
        var left = watched[gone.Stream].Remove(gone.Moved);
        return left.IsEmpty ? watched.Remove(gone.Stream) : watched.SetItem(gone.Stream, left);
    }

    private void Tell(StreamName stream, long version)
    {
        foreach (var moved in _byStream.GetValueOrDefault(stream) ?? []) moved(version);
    }

    private sealed class Watcher(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
