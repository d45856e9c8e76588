using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Assay.Engine.Gateways;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>
/// Passes requests on to the model: with the declared model and limits in them, paid for before, counted while they are answered.
/// </summary>
internal sealed class ModelRelay : IDisposable
{
    private const int BufferBytes = 16 * 1024;
    private const int MaxErrorBytes = 64 * 1024;
    private const int MaxEventBytes = 4 << 20;
    private const int MaxAnswerBytes = 8 << 20;

    /// <summary>An answer that may be no longer than this is none.</summary>
    private const int LeastOutputTokens = 256;

    /// <summary>More tokens than a provider adds to a request by itself, as it does where there are tools.</summary>
    private const long OfTheProvider = 1_000;

    /// <summary>Failures in a row to reach the model after which nobody tries any more.</summary>
    private const int Patience = 3;

    /// <summary>Requests of one attempt that are under way at once; the others wait.</summary>
    private const int AtOnce = 16;

    private readonly ModelGateway _gateway;
    private readonly KeyFilter _filter;
    private readonly Dialect _dialect;
    private readonly AttemptBudget _budget;
    private readonly RequestAccount _account;
    private readonly Upstream _upstream;
    private readonly RequestBodies _bodies;
    private readonly SemaphoreSlim _free = new(AtOnce);
    private readonly FailureBill _failed;
    private int _failures;
    private StopReason? _stop;

    public ModelRelay(ModelGateway gateway, string? key, RequestLog log, RequestRoom room, TimeProvider time)
    {
        (_gateway, _filter) = (gateway, new KeyFilter(key));
        _dialect = Dialect.Of(gateway.Dialect);
        _budget = new AttemptBudget(gateway.Prices, gateway.MaxCost);
        _account = new RequestAccount(gateway, _budget, log, time);
        _upstream = new Upstream(gateway, _dialect, key);
        _bodies = new RequestBodies(time, room);
        _failed = new FailureBill(_dialect);
    }

    /// <summary>Why the run has to end; null: it does not.</summary>
    public GatewayStop? Stop => Volatile.Read(ref _stop)?.Stop;

    public GatewayTotals Totals()
    {
        var stop = Volatile.Read(ref _stop);
        return _account.Totals(stop?.Stop, stop?.Reason);
    }

    public void Dispose()
    {
        _upstream.Dispose();
        _bodies.Dispose();
        _free.Dispose();
    }

    /// <summary>
    /// Serves one request to its end. An agent that leaves before its answer is over does not leave its bill: that is read to its end all
    /// the same.
    /// </summary>
    /// <param name="context">The agent's side.</param>
    /// <param name="over">Nothing is read any more.</param>
    public async Task ServeAsync(HttpContext context, CancellationToken over)
    {
        var request = _account.Open(context.Request.Method, context.Request.Path.Value ?? "/");
        try
        {
            await AnswerAsync(context, request, over).ConfigureAwait(false);
        }
        finally
        {
            _account.Settle(request);
        }
    }

    private async Task AnswerAsync(HttpContext context, RelayedRequest request, CancellationToken over)
    {
        var kind = _dialect.Kind(request.Method, request.Path);
        if (kind == RequestKind.Unknown)
        {
            await RefuseAsync(context, request, 404, "the gateway passes on requests to the model and nothing else").ConfigureAwait(false);
            return;
        }

        if (Volatile.Read(ref _stop) is { Stop: GatewayStop.Spent } spent)
        {
            await RefuseAsync(context, request, 400, spent.Reason).ConfigureAwait(false);
            return;
        }

        // Whoever leaves before the model is asked has asked nothing.
        using var waits = CancellationTokenSource.CreateLinkedTokenSource(over, context.RequestAborted);
        await _free.WaitAsync(waits.Token).ConfigureAwait(false);
        try
        {
            await AskAsync(context, kind, request, waits.Token, over).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task AskAsync(HttpContext context, RequestKind kind, RelayedRequest request, CancellationToken waits, CancellationToken over)
    {
        using var read = await _bodies.ReadAsync(context.Request, waits).ConfigureAwait(false);
        if (read.Problem is { } problem)
        {
            await RefuseAsync(context, request, read.Status, problem).ConfigureAwait(false);
            return;
        }

        SentOnce? content = null;
        if (request.Method == "POST")
        {
            (request.RequestSha256, request.RequestBytes) = (SHA256.HashData(read.Bytes), read.Bytes.Length);
            var (body, refusal) = await PrepareAsync(kind, read.Bytes, request, waits).ConfigureAwait(false);
            if (body is null)
            {
                await RefuseAsync(context, request, 400, refusal!).ConfigureAwait(false);
                return;
            }

            content = new SentOnce(body, () => request.IsSent = true, read.Dispose);
        }

        if (await ReachAsync(context, request, content, over).ConfigureAwait(false) is not { } response) return;
        using (response) await PassAsync(context, response, request, over).ConfigureAwait(false);
    }

    /// <summary>
    /// Puts the declared model in, takes out what may not pass, and puts the price aside; returns what is sent, or why it is not passed on.
    /// </summary>
    private async Task<(byte[]? Body, string? Refusal)> PrepareAsync(
        RequestKind kind, byte[] bytes, RelayedRequest request, CancellationToken waits)
    {
        if (RequestText.Problem(bytes, waits) is { } problem) return (null, problem);
        try
        {
            using var asked = UntrustedJson.Document(bytes);
            if (asked is not { RootElement.ValueKind: JsonValueKind.Object }) return (null, RequestText.NoObject);
            using var clean = new CleanRequest(asked.RootElement, _dialect, request.Path, bytes.Length, waits);
            (request.AskedModel, request.SentPath) = _dialect.PutModel(clean, request.Path, _gateway.Model);
            request.Removed = clean.Removed;
            var refusal = kind == RequestKind.Answer ? await ReserveAsync(clean, request, waits).ConfigureAwait(false) : null;
            return refusal is null ? (clean.End(), null) : (null, refusal);
        }
        catch (RefusedRequestException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Puts aside what the request can cost at most; a limit of its answer is set so that this is known.</summary>
    private async Task<string?> ReserveAsync(CleanRequest clean, RelayedRequest request, CancellationToken waits)
    {
        const int bytesPerToken = 4;
        var input = OfTheProvider + _dialect.InputAtMost(clean);
        var likely = input / bytesPerToken;
        var wanted = _dialect.Wanted(clean, request.Path, _gateway.MaxOutputTokens);
        var least = Math.Min(LeastOutputTokens, wanted);
        if (await _budget.ReserveAsync(input, likely, wanted, least, waits).ConfigureAwait(false) is { } reservation)
        {
            (request.IsPaid, request.Reserved) = (true, reservation.Micros);
            _account.Begin(request);
            _dialect.Bound(clean, request.Path, reservation.OutputTokens);
            return null;
        }

        var next = new Usd(_budget.Price(likely, 0, least));
        var sentence = $"the budget of {_gateway.MaxCost} is spent: {_budget.AtMost} so far, and the next request takes about {next}";
        return End(GatewayStop.Spent, sentence);
    }

    /// <summary>The head of the model's answer; null: there is none, and the agent was told.</summary>
    private async Task<HttpResponseMessage?> ReachAsync(
        HttpContext context, RelayedRequest request, SentOnce? content, CancellationToken over)
    {
        try
        {
            var response = await _upstream.AskAsync(context.Request, request, content, over).ConfigureAwait(false);
            Interlocked.Exchange(ref _failures, 0);
            return response;
        }
        catch (HttpRequestException e)
        {
            var sentence = $"model not reachable: {Upstream.Problem(e)}";
            if (Interlocked.Increment(ref _failures) >= Patience) End(GatewayStop.Unreachable, sentence);
            await TellAsync(context, request, 503, "the model cannot be reached").ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>Passes an answer on, whole by whole, and cuts it where the money ends.</summary>
    private async Task PassAsync(HttpContext context, HttpResponseMessage response, RelayedRequest request, CancellationToken over)
    {
        if (response.Content.Headers.ContentEncoding.Count > 0)
        {
            // Nobody asked for it, and nobody can tell what is in it.
            await TellAsync(context, request, 502, "the model's answer is compressed").ConfigureAwait(false);
            return;
        }

        var mediaType = AnswerHead.Copy(response, context.Response);
        request.Status = (int)response.StatusCode;
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            End(GatewayStop.Unreachable, $"the model's endpoint refuses the key: it answered {(int)response.StatusCode}");
        }

        var isStream = response.IsSuccessStatusCode && mediaType == "text/event-stream";
        var most = !response.IsSuccessStatusCode ? MaxErrorBytes : isStream ? MaxEventBytes : MaxAnswerBytes;
        var events = new AnswerEvents(_dialect, request.Count, isStream, most);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        await using var answer = await response.Content.ReadAsStreamAsync(over).ConfigureAwait(false);
        for (int length; !request.IsCut && (length = await ReadAsync(answer, buffer, request, over).ConfigureAwait(false)) > 0;)
        {
            hash.AppendData(buffer, 0, length);
            request.ResponseBytes += length;
            var whole = _filter.Clean(events.Take(buffer.AsSpan(0, length)));
            request.IsCut = events.IsTooLong || (response.IsSuccessStatusCode && IsTooDear(request));
            if (!request.IsCut) await WriteAsync(context, whole).ConfigureAwait(false);
        }

        var rest = _filter.Clean(events.End());
        request.ResponseSha256 = hash.GetHashAndReset();
        Bill(response, events, request);
        if (request.IsCut)
        {
            context.Abort();
            return;
        }

        if (!isStream) context.Response.ContentLength = rest.Length;
        await WriteAsync(context, rest).ConfigureAwait(false);
    }

    /// <summary>Whether an answer was one that nobody charges for.</summary>
    private void Bill(HttpResponseMessage response, AnswerEvents events, RelayedRequest request)
    {
        if (request is { IsWell: true, Count.IsWhole: true }) _failed.Answered();
        if (!response.IsSuccessStatusCode && !request.IsCut) request.IsFree = _failed.IsFree((int)response.StatusCode, events.Document);
    }

    private bool IsTooDear(RelayedRequest request)
    {
        if (_budget.Suffices(request.Reserved, request.SoFar(_budget))) return false;
        End(GatewayStop.Spent, $"the budget of {_gateway.MaxCost} was spent in the middle of an answer");
        return true;
    }

    /// <summary>An answer that the model's side breaks off is cut, and what it cost is not known unless that was told before.</summary>
    private static async Task<int> ReadAsync(Stream answer, byte[] buffer, RelayedRequest request, CancellationToken over)
    {
        try
        {
            return await answer.ReadAsync(buffer, over).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            request.IsCut = true;
            return 0;
        }
    }

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty || context.RequestAborted.IsCancellationRequested) return;
        try
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The agent has left.
        }
    }

    private async Task RefuseAsync(HttpContext context, RelayedRequest request, int status, string message)
    {
        request.IsFree = true;
        await TellAsync(context, request, status, message).ConfigureAwait(false);
    }

    private async Task TellAsync(HttpContext context, RelayedRequest request, int status, string message)
    {
        request.Status = context.Response.StatusCode = status;
        request.Refusal = message;
        context.Response.ContentType = "application/json";
        await WriteAsync(context, Encoding.UTF8.GetBytes(_dialect.Error(status, message).ToJsonString())).ConfigureAwait(false);
    }

    /// <summary>The first reason stands.</summary>
    private string End(GatewayStop stop, string reason)
    {
        Interlocked.CompareExchange(ref _stop, new StopReason(stop, _filter.Clean(reason)), null);
        return reason;
    }

    /// <summary>Ends what is still under way: nobody will tell any more what became of it.</summary>
    public void SettleAll() => _account.SettleAll();

    private sealed record StopReason(GatewayStop Stop, string Reason);
}
