using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>Whether and when a task is attempted again (lane document: Tasks, Resilience).</summary>
public static class RetryRule
{
    /// <summary>The smaller of what the task and its adapter allow (ruling 24).</summary>
    public static bool HasAttemptsLeft(ExecutionState state, TaskState task) =>
        task.Attempts - task.Forgiven < Math.Min(task.Spec.MaxAttempts, state.AdapterOf(task).Retry.MaxAttempts);

    /// <summary>The pause before the next attempt. What varies in it comes from the attempt's identity, so that the fold stays pure (ruling 8).</summary>
    public static TimeSpan Pause(string runId, TaskState task, RetryPauses pauses, long? askedForMs)
    {
        var failures = Math.Max(1, task.Attempts - task.Forgiven);
        double grown = pauses.Backoff switch
        {
            RetryPauses.Exponential => pauses.BaseMs * Math.Pow(2, Math.Min(failures - 1, 30)),
            RetryPauses.Linear => pauses.BaseMs * (double)failures,
            RetryPauses.Constant => pauses.BaseMs,
            var other => throw new InvalidOperationException($"unknown back-off {other}"),
        };
        var bounded = Math.Min(grown, pauses.MaxMs);
        if (pauses.Jitter) bounded *= 0.5 + (0.5 * Fraction($"{task.Ticket(runId)}"));
        return TimeSpan.FromMilliseconds(Math.Max(bounded, askedForMs ?? 0));
    }

    /// <summary>From 0 to 1, the same for the same text.</summary>
    private static double Fraction(string text) => Convert.ToUInt32(Digest.Of(text).Short(8), 16) / (double)uint.MaxValue;
}
