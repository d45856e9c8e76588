namespace Assay.Lanes.Tasks;

/// <summary>A run's events in words.</summary>
internal static class TaskLog
{
    /// <summary>An event in a sentence; null when its name says all.</summary>
    public static string? Describe(TaskLaneEvent body) => body switch
    {
        ExecutionDeclared declared => $"{declared.Tasks} tasks in {declared.ProjectRoot}",
        AdapterDeclared declared => declared.Adapter.AdapterId,
        TaskDeclared declared => declared.Task.Title,
        TaskAdded added => $"{added.Task.TaskId}: {added.Task.Title}",
        ExecutionStarted started => $"{started.Jobs} at once, by {started.By.Name}",
        ExecutionStopped stopped => stopped.By,
        ExecutionPaused paused => paused.Reason,
        ExecutionResumed resumed => resumed.By,
        ExecutionFinished finished => $"{finished.Completed} completed, {finished.Failed} failed, {finished.TimedOut} timed out, {finished.Cancelled} cancelled",
        TaskStarted started => $"attempt {started.Attempt} by {started.AdapterId}{(started.Fallback ? ", a fallback" : "")}{Told(started)}",
        TaskDeferred deferred => deferred.Reason,
        TaskAttempted attempted => attempted.Reason,
        ManualDone done => $"by {done.By.Name}{(done.Note is { } note ? $": {note}" : "")}",
        ManualFailed failed => $"by {failed.By.Name}: {failed.Reason}",
        TaskValidating { Patch: { } patch } => $"patch {patch.PatchId}: {patch.FileCount} {(patch.FileCount == 1 ? "file" : "files")}, +{patch.Added} -{patch.Removed}",
        TaskTested { Result: var result } => result.Passed ? $"{result.Name} passed" : $"{result.Name} failed: {result.Reason}",
        TestChecked looked => looked.Spoiled is { } why ? $"{looked.Name} failed: {why}" : looked.Name,
        TaskTreeMoved moved => $"{moved.Reason}: it is tested again, on the tree as it is now",
        TaskRetried retried => retried.Reason,
        TaskEnded ended => ended.Reason,
        TaskReopened reopened => $"by {reopened.By.Name}{(reopened.Reason is { } reason ? $": {reason}" : "")}",
        TaskCancelRequested requested => $"by {requested.By.Name}{(requested.Reason is { } reason ? $": {reason}" : "")}",
        Escalated escalated => $"{escalated.Trigger}: {escalated.Message}",
        EscalationUndelivered undelivered => $"{undelivered.EscalationId}: {undelivered.Reason}",
        _ => null,
    };

    private static string Told(TaskStarted started) => started.FailedTests switch
    {
        null => "",
        [_] => ", told of a test that failed",
        { Length: var many } => $", told of {many} tests that failed",
    };
}
