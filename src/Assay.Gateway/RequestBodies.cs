using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>
/// Reads what agents send: bounded in size and time, and large ones one after the other, since each takes several times its size here.
/// </summary>
internal sealed class RequestBodies(TimeProvider time) : IDisposable
{
    /// <summary>The longest that is read.</summary>
    public const long MaxBytes = 16L << 20;

    private const long Large = 1L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _large = new(1);

    /// <summary>Reads one whole. What it takes of others' room is given back when it is disposed of.</summary>
    /// <exception cref="OperationCanceledException">The agent has left, or all is over.</exception>
    public async Task<RequestBody> ReadAsync(HttpRequest request, CancellationToken waits)
    {
        if (request.Headers.ContentEncoding.Count > 0) return new RequestBody(415, "the gateway reads requests that are not compressed");
        if (request.ContentLength > MaxBytes) return new RequestBody(413, $"the request is longer than {MaxBytes} bytes");
        using var slow = new CancellationTokenSource(Patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(waits, slow.Token);
        var isLarge = request.ContentLength is null or > Large && !HttpMethods.IsGet(request.Method);
        try
        {
            if (isLarge) await _large.WaitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested)
        {
            return new RequestBody(503, "too many long requests at once");
        }

        try
        {
            using var all = new MemoryStream((int)(request.ContentLength ?? 0));
            await request.Body.CopyToAsync(all, end.Token).ConfigureAwait(false);
            return new RequestBody(all.ToArray(), isLarge ? _large : null);
        }
        catch (Exception e)
        {
            if (isLarge) _large.Release();
            return e switch
            {
                BadHttpRequestException { StatusCode: 413 } => new RequestBody(413, $"the request is longer than {MaxBytes} bytes"),
                OperationCanceledException when slow.IsCancellationRequested => new RequestBody(408, "the request did not come to its end"),
                _ => throw new OperationCanceledException("the request broke off", e),
            };
        }
    }

    public void Dispose() => _large.Dispose();
}

/// <summary>What was read, or why nothing was.</summary>
internal sealed class RequestBody : IDisposable
{
    private SemaphoreSlim? _held;

    public RequestBody(byte[] bytes, SemaphoreSlim? held) => (Bytes, _held) = (bytes, held);

    public RequestBody(int status, string problem) => (Bytes, Status, Problem) = ([], status, problem);

    public byte[] Bytes { get; }

    /// <summary>What the agent is answered with a problem.</summary>
    public int Status { get; }

    public string? Problem { get; }

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
}
