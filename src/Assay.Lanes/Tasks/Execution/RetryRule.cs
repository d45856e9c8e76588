using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>Whether and when a task is attempted again (lane document: Tasks, Resilience).</summary>
internal static class RetryRule
{
    /// <summary>The smaller of what the task and its adapter allow (ruling 24).</summary>
    public static bool HasAttemptsLeft(ExecutionState state, TaskState task) =>
        task.Attempts - task.Forgiven < Math.Min(task.Spec.MaxAttempts, state.AdapterOf(task).Retry.MaxAttempts);

    /// <summary>Whether a task whose acceptance tests failed is tried again: its adapter says so, and there is money left for it.</summary>
    public static bool IsAfterTests(ExecutionState state, TaskState task) =>
        state.AdapterOf(task).Retry.OnAcceptance && HasAttemptsLeft(state, task) && TaskEffects.CostLeft(task) is null or { Micros: > 0 };

    /// <summary>The pause before the next attempt: no shorter than the adapter asks for.</summary>
    public static TimeSpan Pause(string runId, TaskState task, BackOff pauses, long? askedForMs)
    {
        var pause = pauses.Pause(Math.Max(1, task.Attempts - task.Forgiven), task.Ticket(runId));
        var asked = TimeSpan.FromMilliseconds(askedForMs ?? 0);
        return pause > asked ? pause : asked;
    }
}
