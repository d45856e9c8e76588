using Assay.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Api.Events;

/// <summary>
/// A stream's events as server-sent events (WHATWG HTML, 9.2). Each has its version as id, so that a client goes on where it was cut off.
/// </summary>
internal sealed class EventStream(EventHub hub, CancellationToken stopping)
{
    private const int MaxStreams = 200;

    private static readonly ReadOnlyMemory<byte> Connected = ": connected\n\n"u8.ToArray();

    private int _open;

    /// <summary>Sends what is there and then what comes, until the client leaves or is too far behind.</summary>
    public async Task SendAsync(HttpContext context, IEventSource source, string id, long seen)
    {
        if (Interlocked.Increment(ref _open) > MaxStreams)
        {
            Interlocked.Decrement(ref _open);
            await Problems.WriteAsync(context, HttpRefusal.TooManyStreams, $"{MaxStreams} clients listen already: try again later");
            return;
        }

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            var client = new Client(context.Response.Body);
            await client.WriteAsync(Connected, gone.Token);
            await hub.FollowAsync(source, id, seen, client, gone.Token);
        }
        catch (OperationCanceledException)
        {
            // The client left, was cut off, or the server stops.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }

        // An end that is no end of the answer makes a browser come again.
        if (!stopping.IsCancellationRequested) context.Abort();
    }

    private sealed class Client(Stream body) : IEventClient
    {
        private static readonly ReadOnlyMemory<byte> StillHere = ": still here\n\n"u8.ToArray();

        public Task SendAsync(FeedEvent told, CancellationToken end) => WriteAsync(told.Wire, end);

        public Task StillHereAsync(CancellationToken end) => WriteAsync(StillHere, end);

        public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken end)
        {
            await body.WriteAsync(bytes, end);
            await body.FlushAsync(end);
        }
    }
}
