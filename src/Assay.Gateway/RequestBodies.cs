using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>
/// Reads what agents send: bounded in size and time, the large ones of one agent one after the other, and those of all together within
/// their room.
/// </summary>
internal sealed class RequestBodies(TimeProvider time, RequestRoom room) : IDisposable
{
    /// <summary>The longest that is read.</summary>
    public const long MaxBytes = 8L << 20;

    /// <summary>The most that is read at once, of all agents together.</summary>
    public const long MaxBytesAtOnce = 64L << 20;

    private const long Large = 1L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _large = new(1);

    /// <summary>Reads one whole. What it takes of others' room is given back when it is disposed of.</summary>
    /// <exception cref="OperationCanceledException">The agent has left, or all is over.</exception>
    public async Task<RequestBody> ReadAsync(HttpRequest request, CancellationToken waits)
    {
        if (HttpMethods.IsGet(request.Method)) return new RequestBody([], null);
        if (request.Headers.ContentEncoding.Count > 0) return new RequestBody(415, "the gateway reads requests that are not compressed");
        if (request.ContentLength > MaxBytes) return new RequestBody(413, $"the request is longer than {MaxBytes} bytes");
        using var slow = new CancellationTokenSource(Patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(waits, slow.Token);
        Action? leave = null;
        try
        {
            leave = await EnterAsync(request.ContentLength ?? MaxBytes, end.Token).ConfigureAwait(false);
            using var all = new MemoryStream((int)(request.ContentLength ?? 0));
            await request.Body.CopyToAsync(all, end.Token).ConfigureAwait(false);
            return new RequestBody(all.ToArray(), leave);
        }
        catch (Exception e)
        {
            leave?.Invoke();
            return e switch
            {
                BadHttpRequestException { StatusCode: 413 } => new RequestBody(413, $"the request is longer than {MaxBytes} bytes"),
                OperationCanceledException when slow.IsCancellationRequested => leave is null
                    ? new RequestBody(503, "too many long requests at once")
                    : new RequestBody(408, "the request did not come to its end"),
                _ => throw new OperationCanceledException("the request broke off", e),
            };
        }
    }

    public void Dispose() => _large.Dispose();

    private async Task<Action> EnterAsync(long bytes, CancellationToken waits)
    {
        var isLarge = bytes > Large;
        if (isLarge) await _large.WaitAsync(waits).ConfigureAwait(false);
        try
        {
            await room.TakeAsync(bytes, waits).ConfigureAwait(false);
        }
        catch
        {
            if (isLarge) _large.Release();
            throw;
        }

        return () =>
        {
            room.Return(bytes);
            if (isLarge) _large.Release();
        };
    }
}

/// <summary>What was read, or why nothing was.</summary>
internal sealed class RequestBody : IDisposable
{
    private Action? _leave;

    public RequestBody(byte[] bytes, Action? leave) => (Bytes, _leave) = (bytes, leave);

    public RequestBody(int status, string problem) => (Bytes, Status, Problem) = ([], status, problem);

    public byte[] Bytes { get; private set; }

    /// <summary>What the agent is answered with a problem.</summary>
    public int Status { get; }

    public string? Problem { get; }

    public void Dispose()
    {
        Bytes = [];
        Interlocked.Exchange(ref _leave, null)?.Invoke();
    }
}
