using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Engine.Gateways;
using Assay.Kernel.Effects;
using Microsoft.AspNetCore.Http;

namespace Assay.Gateway;

/// <summary>Passes requests on to the model: with the declared model and limits in them, paid for before, counted while they are answered.</summary>
internal sealed class ModelRelay : IDisposable
{
    private const int BufferBytes = 16 * 1024;
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>A token has about four characters; what the model counts, in the end, stands for it.</summary>
    private const int CharactersPerToken = 4;

    /// <summary>An answer that may be no longer than this is none.</summary>
    private const int LeastOutputTokens = 256;

    /// <summary>Failures in a row to reach the model after which nobody tries any more.</summary>
    private const int Patience = 3;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(15);

    private readonly ModelGateway _gateway;
    private readonly string? _key;
    private readonly RequestLog _log;
    private readonly TimeProvider _time;
    private readonly Dialect _dialect;
    private readonly Purse _purse;
    private readonly HttpMessageInvoker? _client;
    private readonly FakeModel? _fake;
    private readonly Lock _gate = new();
    private (long Requests, long Failed, long Input, long Cached, long Output) _sums;
    private int _failures;
    private string? _reason;

    public ModelRelay(ModelGateway gateway, string? key, RequestLog log, TimeProvider time)
    {
        (_gateway, _key, _log, _time) = (gateway, key, log, time);
        _dialect = Dialect.Of(gateway.Dialect);
        _purse = new Purse(gateway.Prices, gateway.MaxCost);
        if (gateway.Endpoint is null) _fake = new FakeModel(gateway.Dialect);
        else _client = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = ConnectPatience });
    }

    public GatewayStop? Stop { get; private set; }

    public GatewayTotals Totals()
    {
        lock (_gate) return new GatewayTotals(_sums.Requests, _sums.Failed, _sums.Input, _sums.Cached, _sums.Output, _purse.Spent, Stop, _reason);
    }

    public void Dispose() => _client?.Dispose();

    /// <summary>Serves one request to its end.</summary>
    public async Task ServeAsync(HttpContext context, CancellationToken over)
    {
        var entry = new Entry(_time.GetUtcNow(), Stopwatch.GetTimestamp(), context.Request.Method, context.Request.Path.Value ?? "/");
        try
        {
            await AnswerAsync(context, entry, over).ConfigureAwait(false);
        }
        finally
        {
            Note(entry);
        }
    }

    private async Task AnswerAsync(HttpContext context, Entry entry, CancellationToken over)
    {
        var kind = _dialect.Kind(entry.Method, entry.Path);
        if (kind == Asked.Unknown)
        {
            await RefuseAsync(context, entry, 404, "the gateway passes on requests to the model and nothing else").ConfigureAwait(false);
            return;
        }

        if (Stop == GatewayStop.Spent)
        {
            await RefuseAsync(context, entry, 400, _reason!).ConfigureAwait(false);
            return;
        }

        var (path, body) = (entry.Path, (byte[]?)null);
        if (entry.Method == "POST")
        {
            if (context.Request.Headers.ContentEncoding.Count > 0)
            {
                await RefuseAsync(context, entry, 415, "the gateway reads requests that are not compressed").ConfigureAwait(false);
                return;
            }

            var sent = await ReadAsync(context.Request.Body, over).ConfigureAwait(false);
            (entry.RequestSha256, entry.RequestBytes) = (SHA256.HashData(sent), sent.Length);
            if (Parse(sent) is not { } document)
            {
                await RefuseAsync(context, entry, 400, "the request is no JSON object").ConfigureAwait(false);
                return;
            }

            if (!TryPrepare(kind, document, sent.Length, entry, ref path))
            {
                await RefuseAsync(context, entry, 400, _reason ?? "the request is not as its kind is written").ConfigureAwait(false);
                return;
            }

            body = JsonSerializer.SerializeToUtf8Bytes(document, GatewayJson.Default.JsonObject);
        }

        if (_fake is not null) await _fake.AnswerAsync(context, path, body, entry.Count, over).ConfigureAwait(false);
        else await ForwardAsync(context, path, body, entry, over).ConfigureAwait(false);
    }

    /// <summary>Puts the declared model in, and the price aside; false: there is no money, or the request is no such document.</summary>
    private bool TryPrepare(Asked kind, JsonObject document, int bytes, Entry entry, ref string path)
    {
        try
        {
            (entry.AskedModel, path) = _dialect.Name(document, entry.Path, _gateway.Model);
            return kind != Asked.Answer || Reserve(document, bytes, entry);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Something else than a text where the model's name stands, or a key that stands there twice.
            return false;
        }
    }

    /// <summary>Puts aside what the request can cost; a limit of its answer is set so that this is known.</summary>
    private bool Reserve(JsonObject document, int bytes, Entry entry)
    {
        entry.IsPaid = true;
        entry.InputEstimate = (bytes + CharactersPerToken - 1) / CharactersPerToken;
        var room = _purse.Affordable(entry.InputEstimate);
        if (room >= Math.Min(LeastOutputTokens, _gateway.MaxOutputTokens))
        {
            var output = _dialect.Limit(document, (int)Math.Min(room, _gateway.MaxOutputTokens));
            entry.Reserved = _purse.Price(entry.InputEstimate, 0, output);
            if (_purse.TryReserve(entry.Reserved)) return true;
            entry.Reserved = 0;
        }

        const string rest = "and what is left does not pay for the next request";
        StopBy(GatewayStop.Spent, $"the budget of {_gateway.MaxCost} is spent: {_purse.Spent} so far, {rest}");
        return false;
    }

    private async Task ForwardAsync(HttpContext context, string path, byte[]? body, Entry entry, CancellationToken over)
    {
        using var request = new HttpRequestMessage(new HttpMethod(entry.Method), Target(context, path)) { Version = HttpVersion.Version11 };
        if (body is not null) request.Content = new ByteArrayContent(body);
        foreach (var name in _dialect.Passed)
        {
            if (context.Request.Headers[name] is not { Count: > 0 } values) continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)) request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        if (_key is not null) request.Headers.TryAddWithoutValidation(_dialect.Key.Header, _dialect.Key.Prefix + _key);
        HttpResponseMessage response;
        try
        {
            response = await _client!.SendAsync(request, over).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !over.IsCancellationRequested))
        {
            Failed($"model not reachable: {(e is HttpRequestException ? e.Message : "no answer in time")}");
            await RefuseAsync(context, entry, 503, "the model cannot be reached").ConfigureAwait(false);
            return;
        }

        using (response)
        {
            entry.Status = context.Response.StatusCode = (int)response.StatusCode;
            if (response.Content.Headers.ContentType is { } type) context.Response.ContentType = type.ToString();
            if (response.Headers.TryGetValues("retry-after", out var after)) context.Response.Headers.RetryAfter = after.First();
            if (!response.IsSuccessStatusCode)
            {
                // What an error costs nobody charges.
                entry.IsFree = true;
                if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                {
                    StopBy(GatewayStop.Unreachable, $"the model's endpoint refuses the key: it answered {(int)response.StatusCode}");
                }
            }
            else
            {
                _failures = 0;
            }

            await using var answer = await response.Content.ReadAsStreamAsync(over).ConfigureAwait(false);
            await PassAsync(context, answer, entry, over).ConfigureAwait(false);
        }
    }

    /// <summary>Passes an answer on as it comes, and cuts it where the money ends.</summary>
    private async Task PassAsync(HttpContext context, Stream answer, Entry entry, CancellationToken over)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var events = new AnswerEvents(_dialect, entry.Count, context.Response.ContentType ?? "");
        var buffer = new byte[BufferBytes];
        for (int length; (length = await answer.ReadAsync(buffer, over).ConfigureAwait(false)) > 0;)
        {
            if (entry.IsFree && (entry.ResponseBytes += length) > MaxErrorBytes) break;
            hash.AppendData(buffer, 0, length);
            events.Take(buffer.AsSpan(0, length));
            if (!entry.IsFree) entry.ResponseBytes += length;
            if (!_purse.Suffices(entry.Reserved, Cost(entry)))
            {
                StopBy(GatewayStop.Spent, $"the budget of {_gateway.MaxCost} was spent in the middle of an answer");
                entry.IsCut = true;
                context.Abort();
                break;
            }

            await context.Response.Body.WriteAsync(buffer.AsMemory(0, length), over).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(over).ConfigureAwait(false);
        }

        events.End();
        entry.ResponseSha256 = hash.GetHashAndReset();
    }

    /// <summary>What a request has cost so far: by the model's own count where that is told, by characters until then.</summary>
    private long Cost(Entry entry)
    {
        if (!entry.IsPaid || entry.IsFree) return 0;
        var count = entry.Count;
        var output = count.IsFinal ? count.Output ?? 0 : Math.Max(count.Output ?? 0, (count.Characters + CharactersPerToken - 1) / CharactersPerToken);
        return _purse.Price(count.Input ?? entry.InputEstimate, count.Cached ?? 0, output);
    }

    private string Target(HttpContext context, string path)
    {
        var query = string.Join('&', context.Request.Query.Where(q => q.Key != "key").SelectMany(
            q => q.Value.Select(v => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(v ?? "")}")));
        return $"{_gateway.Endpoint!.TrimEnd('/')}{path}{(query.Length == 0 ? "" : "?" + query)}";
    }

    private async Task RefuseAsync(HttpContext context, Entry entry, int status, string message)
    {
        entry.Status = context.Response.StatusCode = status;
        entry.IsFree = true;
        entry.Refusal = message;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(_dialect.Error(status, message).ToJsonString()).ConfigureAwait(false);
    }

    private void Failed(string reason)
    {
        if (Interlocked.Increment(ref _failures) >= Patience) StopBy(GatewayStop.Unreachable, reason);
    }

    private void StopBy(GatewayStop stop, string reason)
    {
        lock (_gate)
        {
            if (Stop is not null) return;
            (_reason, Stop) = (reason, stop);
        }
    }

    private void Note(Entry entry)
    {
        var cost = Cost(entry);
        _purse.Settle(entry.Reserved, cost);
        var isWell = entry.Status is >= 200 and < 300 || (_fake is not null && entry.Status == 0);
        var count = entry.Count;
        lock (_gate)
        {
            _sums.Requests++;
            if (!isWell) _sums.Failed++;
            _sums.Input += count.Input ?? 0;
            _sums.Cached += count.Cached ?? 0;
            _sums.Output += count.Output ?? 0;
        }

        _log.Add(new JsonObject
        {
            ["at"] = RequestLog.Time(entry.At),
            ["ms"] = (long)Stopwatch.GetElapsedTime(entry.Began).TotalMilliseconds,
            ["method"] = entry.Method,
            ["path"] = RequestLog.Cut(entry.Path),
            ["asked_model"] = RequestLog.Cut(entry.AskedModel),
            ["model"] = _gateway.Model,
            ["status"] = entry.Status == 0 ? null : entry.Status,
            ["refusal"] = entry.Refusal,
            ["cut"] = entry.IsCut,
            ["request_bytes"] = entry.RequestBytes,
            ["request_sha256"] = entry.RequestSha256 is { } asked ? Convert.ToHexStringLower(asked) : null,
            ["response_bytes"] = entry.ResponseBytes,
            ["response_sha256"] = entry.ResponseSha256 is { } answered ? Convert.ToHexStringLower(answered) : null,
            ["input_tokens"] = count.Input,
            ["cached_tokens"] = count.Cached,
            ["output_tokens"] = count.Output,
            ["cost_micro_usd"] = _gateway.Prices is null ? null : cost,
        });
    }

    private static async Task<byte[]> ReadAsync(Stream body, CancellationToken over)
    {
        using var all = new MemoryStream();
        await body.CopyToAsync(all, over).ConfigureAwait(false);
        return all.ToArray();
    }

    private static JsonObject? Parse(byte[] bytes)
    {
        try
        {
            return JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { MaxDepth = Kernel.Json.StrictJson.UntrustedDepth }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>One request, as it goes on.</summary>
    private sealed class Entry(DateTimeOffset at, long began, string method, string path)
    {
        public DateTimeOffset At { get; } = at;

        public long Began { get; } = began;

        public string Method { get; } = method;

        public string Path { get; } = path;

        public string? AskedModel { get; set; }

        public int Status { get; set; }

        public string? Refusal { get; set; }

        public bool IsCut { get; set; }

        /// <summary>Whether it asks for what costs.</summary>
        public bool IsPaid { get; set; }

        /// <summary>Whether nobody charges for it after all.</summary>
        public bool IsFree { get; set; }

        public long Reserved { get; set; }

        public long InputEstimate { get; set; }

        public TokenCount Count { get; } = new();

        public byte[]? RequestSha256 { get; set; }

        public long RequestBytes { get; set; }

        public byte[]? ResponseSha256 { get; set; }

        public long ResponseBytes { get; set; }
    }
}
