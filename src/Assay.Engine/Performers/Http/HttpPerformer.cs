using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.RateLimiting;
using Assay.Engine.Performers.Files;
using Assay.Engine.Runner;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Native;
using Polly.Timeout;

namespace Assay.Engine.Performers.Http;

/// <summary>Performs <see cref="CallHttp"/>. An attempt that was lost may have reached its receiver, so only one that the receiver knows again is repeated.</summary>
internal sealed class HttpPerformer(Workspace workspace, AttemptMarkers markers, TimeProvider time) : IMarkedPerformer, IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly ConcurrentDictionary<RateLimit, RateLimiter> _limiters = new();

    public async Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel)
    {
        var effect = (CallHttp)attempt.Effect;
        if (effect.WhenLost == LossPolicy.Ask && !attempt.MarkerHeld && !markers.TryCreate(attempt.Key))
        {
            throw new LedgerException($"attempt {attempt.Number} at {attempt.Effect.Id} of {attempt.Stream} was begun by another engine");
        }

        var startedAt = time.GetUtcNow();
        var began = Stopwatch.GetTimestamp();
        var exchange = await ExchangeAsync(effect, attempt.Key.ToString(), cancel);
        var outcome = exchange.Outcome with { StartedAt = startedAt, DurationMs = (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds };
        try
        {
            return Keep(effect, outcome, exchange.Body);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var unkept = outcome with { Problem = $"its answer could not be kept: {FailureReason.Of(e)}" };
            return new EffectResult(unkept, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
        }
    }

    public Reconciliation Reconcile(Attempt attempt, bool sameBoot)
    {
        if (sameBoot && markers.TryCreate(attempt.Key)) return Reconciliation.NotStarted.Instance;
        return new Reconciliation.Interrupted("the engine died while the request was under way; its receiver may have acted", []);
    }

    public void Dispose()
    {
        _client.Dispose();
        foreach (var limiter in _limiters.Values) limiter.Dispose();
    }

    private async Task<HttpExchange> ExchangeAsync(CallHttp effect, string attempt, CancellationToken cancel)
    {
        var tries = 0;
        var last = HttpExchange.Failed("it was not sent", mayHaveActed: false);
        try
        {
            var request = await HttpRequestTemplate.FillAsync(effect, workspace.Store.ReadBlobAsync);
            return await HttpRetry.Pipeline(effect, attempt, time).ExecuteAsync(
                async stop =>
                {
                    tries++;
                    using var permit = effect.Rate is { } rate ? await Limiter(rate).AcquireAsync(1, stop) : null;
                    last = HttpExchange.Failed("no answer came in time", mayHaveActed: true);
                    last = await HttpAttempt.SendAsync(_client, request, effect.MaxResponseBytes, stop);
                    return last = last with { Outcome = last.Outcome with { Tries = tries } };
                },
                cancel);
        }
        catch (HttpTemplateException e)
        {
            return HttpExchange.Failed(e.Message, mayHaveActed: false);
        }
        catch (TimeoutRejectedException)
        {
            return last with { Outcome = last.Outcome with { TimedOut = true, Tries = tries, Problem = $"no answer within {effect.TimeoutMs} ms" } };
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return last with { Outcome = last.Outcome with { Cancelled = true, Tries = tries, Problem = "it was cancelled" } };
        }
    }

    private RateLimiter Limiter(RateLimit rate) => _limiters.GetOrAdd(rate, static r => new SlidingWindowRateLimiter(new SlidingWindowRateLimiterOptions
    {
        PermitLimit = r.Permits,
        Window = TimeSpan.FromMilliseconds(r.PerMs),
        SegmentsPerWindow = 10,
        QueueLimit = int.MaxValue,
    }));

    /// <summary>Small bodies go into the ledger's transaction, large ones are synced (ruling 5).</summary>
    private EffectResult Keep(CallHttp effect, HttpOutcome outcome, ReadOnlyMemory<byte>? body)
    {
        var evidence = ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;
        if (body is not { } bytes) return new EffectResult(outcome, evidence, []);
        var (file, handle) = FreshPath.CreateFile(workspace.Root, effect.ResponseFile);
        using (handle) RandomAccess.Write(handle, bytes.Span, 0);
        var path = Path.Combine(workspace.Root, file);
        var blob = Blob.Of(bytes);
        var kept = outcome with { Body = new Captured(file, bytes.Length, blob.Sha256, Truncated: bytes.Length == effect.MaxResponseBytes) };
        evidence = evidence.Add(HttpOutcome.BodyName, bytes);
        if (effect.Keep || bytes.Length <= OutputCapture.SmallBytes) return new EffectResult(kept, evidence, bytes.IsEmpty ? [] : [blob]);
        DurableFile.Sync(path);
        DurableFile.SyncFolders(workspace.Root, [path]);
        return new EffectResult(kept, evidence, []);
    }
}
