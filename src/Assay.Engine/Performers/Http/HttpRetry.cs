using Assay.Kernel.Effects;
using Polly;
using Polly.Retry;

namespace Assay.Engine.Performers.Http;

/// <summary>
/// Repetitions within one attempt: only of tries that certainly did nothing, within the attempt's time. What may have acted, or asks for a longer pause, goes
/// back to the lane, which knows whether and when it may be done again.
/// </summary>
internal static class HttpRetry
{
    private static readonly int[] Busy = [429, 503];

    /// <param name="effect">The request.</param>
    /// <param name="attempt">Names the attempt, from which the jitter of its pauses comes.</param>
    /// <param name="time">The clock.</param>
    public static ResiliencePipeline<HttpExchange> Pipeline(CallHttp effect, string attempt, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<HttpExchange> { TimeProvider = time }.AddTimeout(TimeSpan.FromMilliseconds(effect.TimeoutMs));
        return effect.MaxTries > 1 ? builder.AddRetry(Retry(effect, attempt)).Build() : builder.Build();
    }

    private static RetryStrategyOptions<HttpExchange> Retry(CallHttp effect, string attempt) => new()
    {
        MaxRetryAttempts = effect.MaxTries - 1,
        ShouldHandle = tried => ValueTask.FromResult(tried.Outcome.Result?.Outcome is { } outcome && CanRepeat(outcome, effect)),
        DelayGenerator = tried => ValueTask.FromResult<TimeSpan?>(
            tried.Outcome.Result?.Outcome.RetryAfterMs is { } asked
                ? TimeSpan.FromMilliseconds(asked)
                : effect.Pauses.Pause(tried.AttemptNumber + 1, $"{attempt}/{tried.AttemptNumber}")),
    };

    private static bool CanRepeat(HttpOutcome outcome, CallHttp effect)
    {
        if (outcome.RetryAfterMs > effect.Pauses.MaxMs) return false;
        return outcome.Status is { } status ? Busy.Contains(status) || (effect.Repeatable && status >= 500) : effect.Repeatable || !outcome.MayHaveActed;
    }
}
