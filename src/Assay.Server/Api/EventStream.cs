using System.Globalization;
using System.Text;
using Assay.Jobs;
using Microsoft.AspNetCore.Http;

namespace Assay.Server.Api;

/// <summary>A job's events as server-sent events (WHATWG HTML, 9.2). Each has its version as id, so that a client goes on where it was cut off.</summary>
internal sealed class EventStream(JobService service)
{
    private const int MaxStreams = 200;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StillHereEvery = TimeSpan.FromSeconds(15);

    private int _open;

    /// <summary>Sends what is there and then what comes, until the client leaves.</summary>
    public async Task SendAsync(HttpContext context, string jobId, long afterVersion, CancellationToken stopping)
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
            await FollowAsync(context.Response, jobId, afterVersion, gone.Token);
        }
        catch (OperationCanceledException)
        {
            // The client left, or the server does.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task FollowAsync(HttpResponse response, string jobId, long seen, CancellationToken gone)
    {
        var quiet = TimeSpan.Zero;
        await response.WriteAsync(": connected\n\n", gone);
        await response.Body.FlushAsync(gone);
        for (; ; )
        {
            if (service.VersionOf(jobId) > seen)
            {
                var text = new StringBuilder();
                foreach (var happened in service.Events(jobId, seen))
                {
                    seen = happened.Version;
                    text.Append(CultureInfo.InvariantCulture, $"id: {happened.Version}\nevent: {happened.Type}\ndata: {happened.Line}\n\n");
                }

                seen = Math.Max(seen, service.VersionOf(jobId));
                quiet = TimeSpan.Zero;
                await response.WriteAsync(text.ToString(), gone);
                await response.Body.FlushAsync(gone);
            }
            else if (quiet >= StillHereEvery)
            {
                quiet = TimeSpan.Zero;
                await response.WriteAsync(": still here\n\n", gone);
                await response.Body.FlushAsync(gone);
            }

            await Task.Delay(LookEvery, gone);
            quiet += LookEvery;
        }
    }
}
