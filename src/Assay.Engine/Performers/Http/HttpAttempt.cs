using System.Net;
using Assay.Kernel.Effects;

namespace Assay.Engine.Performers.Http;

/// <summary>An answer, or why there is none, with the body as far as it may be kept.</summary>
internal sealed record HttpExchange(HttpOutcome Outcome, ReadOnlyMemory<byte>? Body)
{
    public static HttpExchange Failed(string problem, bool mayHaveActed) =>
        new(new HttpOutcome(null, problem, mayHaveActed) { StartedAt = default, DurationMs = 0 }, null);
}

/// <summary>One request and its answer.</summary>
internal static class HttpAttempt
{
    private const int MaxRedirects = 5;
    private const int ChunkBytes = 64 * 1024;

    public static async Task<HttpExchange> SendAsync(HttpClient client, HttpRequestTemplate request, long maxBytes, CancellationToken stop)
    {
        try
        {
            var url = request.Url;
            HttpMethod? method = null;
            for (var hops = 0; ; hops++)
            {
                using var message = request.To(url, method);
                using var answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, stop);
                if (Redirect(answer, url) is not { } next) return await ReadAsync(answer, maxBytes, stop);
                if (hops == MaxRedirects) return HttpExchange.Failed($"more than {MaxRedirects} redirects", mayHaveActed: true);
                if (!SameHost(next, url)) return HttpExchange.Failed($"a redirect to another host, {next.GetLeftPart(UriPartial.Authority)}, is not followed", mayHaveActed: true);
                if (answer.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther) method = HttpMethod.Get;
                url = next;
            }
        }
        catch (HttpRequestException e)
        {
            var connected = e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                or HttpRequestError.ProxyTunnelError);
            return HttpExchange.Failed(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}", connected);
        }
        catch (IOException e)
        {
            return HttpExchange.Failed($"the connection broke: {e.Message}", mayHaveActed: true);
        }
    }

    private static Uri? Redirect(HttpResponseMessage answer, Uri url) =>
        (int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } location ? new Uri(url, location) : null;

    private static bool SameHost(Uri a, Uri b) => a.Scheme == b.Scheme && a.Host == b.Host && a.Port == b.Port;

    private static async Task<HttpExchange> ReadAsync(HttpResponseMessage answer, long maxBytes, CancellationToken stop)
    {
        var status = (int)answer.StatusCode;
        var refused = answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable || status is >= 400 and < 500 and not 408;
        var body = new MemoryStream();
        await using var content = await answer.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[ChunkBytes];
        string? problem = null;
        for (int length; problem is null && (length = await content.ReadAsync(buffer, stop)) > 0;)
        {
            var room = (int)Math.Min(length, maxBytes - body.Length);
            body.Write(buffer, 0, room);
            if (room < length) problem = $"the answer is larger than {maxBytes} bytes";
        }

        var outcome = new HttpOutcome(status, problem, MayHaveActed: !refused) { StartedAt = default, DurationMs = 0, RetryAfterMs = RetryAfter(answer) };
        return new HttpExchange(outcome, body.ToArray());
    }

    private static long? RetryAfter(HttpResponseMessage answer)
    {
        var after = answer.Headers.RetryAfter?.Delta ?? (answer.Headers.RetryAfter?.Date is { } date ? date - (answer.Headers.Date ?? TimeProvider.System.GetUtcNow()) : null);
        return after is { } pause ? (long)Math.Max(0, pause.TotalMilliseconds) : null;
    }
}
