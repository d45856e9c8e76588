using Assay.Kernel.Effects;
using Polly;
using Polly.Retry;

namespace Assay.Engine.Http;

/// <summary>
/// Repetitions within one attempt: only of tries that certainly did nothing, within the attempt's time. What may have acted, or asks for a longer pause, goes
/// back to the lane, which knows whether and when it may be done again.
/// </summary>
internal static class HttpRetry
{
    private static readonly int[] Busy = [429, 503];

    public static ResiliencePipeline<HttpExchange> Pipeline(CallHttp effect, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<HttpExchange> { TimeProvider = time }.AddTimeout(TimeSpan.FromMilliseconds(effect.TimeoutMs));
        return effect.MaxTries > 1 ? builder.AddRetry(Retry(effect)).Build() : builder.Build();
    }

    private static RetryStrategyOptions<HttpExchange> Retry(CallHttp effect) => new()
    {
        MaxRetryAttempts = effect.MaxTries - 1,
        BackoffType = effect.Pauses.Backoff switch
        {
            RetryPauses.Exponential => DelayBackoffType.Exponential,
            RetryPauses.Linear => DelayBackoffType.Linear,
            RetryPauses.Constant => DelayBackoffType.Constant,
            var other => throw new InvalidOperationException($"unknown back-off {other}"),
        },
        UseJitter = effect.Pauses.Jitter,
        Delay = TimeSpan.FromMilliseconds(effect.Pauses.BaseMs),
        MaxDelay = TimeSpan.FromMilliseconds(effect.Pauses.MaxMs),
        ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result?.Outcome is { } outcome && CanRepeat(outcome, effect)),
        DelayGenerator = attempt => ValueTask.FromResult<TimeSpan?>(
            attempt.Outcome.Result?.Outcome.RetryAfterMs is { } pause ? TimeSpan.FromMilliseconds(pause) : null),
    };

    private static bool CanRepeat(HttpOutcome outcome, CallHttp effect)
    {
        if (outcome.RetryAfterMs > effect.Pauses.MaxMs) return false;
        return outcome.Status is { } status ? Busy.Contains(status) || (effect.Repeatable && status >= 500) : effect.Repeatable || !outcome.MayHaveActed;
    }
}
