using Assay.Engine.Streams;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Server.Api.Events;

/// <summary>
/// All streams of a server that somebody listens to. However many listen to one, it is folded once a commit; a stream that nobody listens
/// to is not read.
/// </summary>
/// <param name="store">The ledger.</param>
/// <param name="tail">Tells what has moved, also by other processes.</param>
internal sealed class EventHub(IEventReader store, StreamTail tail)
{
    private static readonly TimeSpan StillHereEvery = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<StreamName, (EventFeed Feed, int Users)> _feeds = [];

    /// <summary>How many events of a stream were folded for those who listen to it now; 0 when nobody does.</summary>
    public long FoldedOf(StreamName stream)
    {
        lock (_gate) return _feeds.TryGetValue(stream, out var open) ? open.Feed.Folded : 0;
    }

    /// <summary>
    /// Gives a client what comes behind a version of a stream: first what is there, then what is committed. It ends when the client
    /// leaves, or does not keep up.
    /// </summary>
    /// <param name="source">The stream's kind.</param>
    /// <param name="id">Whose stream.</param>
    /// <param name="seen">The last version that the client knows.</param>
    /// <param name="client">The client.</param>
    /// <param name="gone">The client has left.</param>
    /// <exception cref="OperationCanceledException">It has left, or was cut off.</exception>
    public async Task FollowAsync(IEventSource source, string id, long seen, IEventClient client, CancellationToken gone)
    {
        var stream = source.StreamOf(id) ?? throw new ArgumentException($"{id} is no id", nameof(id));
        var feed = await EnterAsync(source, id, stream);
        try
        {
            await feed.Ready.WaitAsync(gone);
            EventReading? earlier = null;
            (IReadOnlyList<FeedEvent> Missed, Listener Place)? joined;
            while ((joined = feed.TryJoin(seen)) is null)
            {
                // Longer ago than the feed remembers: this client's events are read for it alone, at its own pace, until it does.
                earlier ??= source.Read(id, seen);
                var next = await earlier.NextAsync(store, stream);
                foreach (var told in next.Where(e => e.Version > seen)) await client.SendAsync(told, gone);
                seen = Math.Max(seen, earlier.Version);
            }

            try
            {
                await ListenAsync(joined.Value.Place, joined.Value.Missed, seen, client, gone);
            }
            finally
            {
                feed.Leave(joined.Value.Place);
                joined.Value.Place.Dispose();
            }
        }
        finally
        {
            Exit(stream);
        }
    }

    private static async Task ListenAsync(
        Listener place, IReadOnlyList<FeedEvent> missed, long seen, IEventClient client, CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone, place.WasCut);
        foreach (var told in missed) await client.SendAsync(told, end.Token);
        for (; ; )
        {
            var more = place.Waiting.WaitToReadAsync(end.Token).AsTask();
            while (!await IsThereAsync(more, end.Token)) await client.StillHereAsync(end.Token);
            if (!await more) return;
            while (place.Waiting.TryRead(out var told))
            {
                if (told.Version > seen) await client.SendAsync(told, end.Token);
            }
        }
    }

    /// <summary>Waits for a while; false: nothing came.</summary>
    private static async Task<bool> IsThereAsync(Task<bool> more, CancellationToken end)
    {
        try
        {
            await more.WaitAsync(StillHereEvery, end);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async ValueTask<EventFeed> EnterAsync(IEventSource source, string id, StreamName stream)
    {
        var head = (await store.FindAsync(stream))?.Head.Version ?? 0;
        lock (_gate)
        {
            if (!_feeds.TryGetValue(stream, out var open))
            {
                open = (new EventFeed(store, tail, stream, source.Read(id, head)), 0);
            }

            _feeds[stream] = open with { Users = open.Users + 1 };
            return open.Feed;
        }
    }

    private void Exit(StreamName stream)
    {
        lock (_gate)
        {
            var open = _feeds[stream];
            if (open.Users > 1)
            {
                _feeds[stream] = open with { Users = open.Users - 1 };
                return;
            }

            _feeds.Remove(stream);
            open.Feed.Dispose();
        }
    }
}
