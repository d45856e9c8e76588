using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>Whether and when a task is attempted again (lane document: Tasks, Resilience).</summary>
internal static class RetryRule
{
    public static bool HasAttemptsLeft(ExecutionState state, TaskState task) => task.Attempts - task.Forgiven < Allowed(state, task);

    /// <summary>
    /// Which number of attempts held, for a task that has none left: what the task and its adapter allow may differ. Null: they do not, or
    /// only one of them says something.
    /// </summary>
    public static string? Held(ExecutionState state, TaskState task)
    {
        var (own, adapter) = (task.Spec.MaxAttempts, state.AdapterOf(task));
        if (task.Spec.LeavesAttemptsToAdapter || own == adapter.Retry.MaxAttempts) return null;
        var made = $"{task.Attempts - task.Forgiven} of {Allowed(state, task)} attempts";
        return own < adapter.Retry.MaxAttempts
            ? $"{made} (the task's max_attempts; the adapter {adapter.AdapterId} allows {adapter.Retry.MaxAttempts})"
            : $"{made} (the retry.max_attempts of the adapter {adapter.AdapterId}; the task allows {own})";
    }

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

    /// <summary>The smaller of what the task and its adapter allow (ruling 24), and the adapter's where the task does not say.</summary>
    private static int Allowed(ExecutionState state, TaskState task)
    {
        var adapter = state.AdapterOf(task).Retry.MaxAttempts;
        return task.Spec.LeavesAttemptsToAdapter ? adapter : Math.Min(task.Spec.MaxAttempts, adapter);
    }
}
