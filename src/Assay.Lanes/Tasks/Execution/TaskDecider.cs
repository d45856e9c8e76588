using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>What a run answers to requests from outside.</summary>
internal static class TaskDecider
{
    public static Decision Decide(ExecutionState state, TasksUnderWay underWay, Command command, DateTimeOffset now) =>
        (state.Phase, command) switch
        {
            (ExecutionPhase.None, DeclareExecution declare) => Declare(declare),
            (_, DeclareExecution declare) => Changed(state, declare) is { } changed
                ? Decision.Refuse(TaskRefusals.RunChanged, $"{changed} since the run {state.Declared.RunId} was declared: give it another run_id")
                : Grow(state, declare),
            (_, Cancel or WakeUp) when state.Phase is ExecutionPhase.None => Decision.Accept(),
            (ExecutionPhase.None, _) => Decision.Refuse(TaskRefusals.NoRun, "there is no such run"),
            (ExecutionPhase.Finished, StartExecution) => Decision.Accept(),
            (_, StartExecution start) => Decision.Accept(new ExecutionStarted(start.Jobs, start.By)),
            (ExecutionPhase.Running or ExecutionPhase.Paused, Cancel cancel) => Decision.Accept(new ExecutionStopped(cancel.By)),
            (_, Cancel) => Decision.Accept(),
            (_, WakeUp) => Decision.Accept([.. TaskFlow.OnTime(state, underWay, now)]),
            (_, CompleteManual done) => Manual(state, done.TaskId) ?? Decision.Accept(
                new ManualDone(done.TaskId, done.By, done.Note, done.Evidence) { Attached = done.Documents }),
            (_, FailManual failed) => Manual(state, failed.TaskId) ?? Decision.Accept(
                new ManualFailed(failed.TaskId, failed.By, failed.Reason),
                new TaskFailed(failed.TaskId, $"{failed.By.Name} says: {failed.Reason}", TaskFailure.Manual, null)),
            (_, CancelTask cancel) => Known(state, cancel.TaskId) ?? EndTask(state, cancel),
            (_, RetryTask retry) => Known(state, retry.TaskId) ?? Retry(state, underWay, retry),
            _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"a run knows no {command.GetType().Name}"),
        };

    private static Decision Declare(DeclareExecution declare) => Decision.Accept(
    [
        declare.Execution with { Attached = declare.Documents },
        .. declare.Adapters.Select(a => new AdapterDeclared(a)),
        .. declare.Tasks.Select(t => new TaskDeclared(t)),
    ]);

    /// <summary>What is not as it was declared; null when at most tasks were added, which a run takes.</summary>
    private static string? Changed(ExecutionState state, DeclareExecution declare)
    {
        if (state.Declared.ProjectRoot != declare.Execution.ProjectRoot) return $"the project has moved from {state.Declared.ProjectRoot}";
        if (state.Declared.SafeModeAfterMs != declare.Execution.SafeModeAfterMs) return "safe_mode_after_ms has changed";
        if (state.Declared.Escalation != declare.Execution.Escalation) return "the escalation has changed";
        if (!(state.Declared.Protected ?? []).SequenceEqual(declare.Execution.Protected ?? [])) return "protected has changed";
        var known = declare.Tasks.Where(t => state.HasTask(t.TaskId)).ToList();
        if (known.Count < state.Tasks.Count)
        {
            var there = known.Select(t => t.TaskId).ToHashSet(StringComparer.Ordinal);
            return $"the task {state.Tasks.First(t => !there.Contains(t.Spec.TaskId)).Spec.TaskId} was taken out of the queue";
        }

        foreach (var (was, now) in state.Tasks.Zip(known))
        {
            if (was.Spec.TaskId != now.TaskId) return $"the task {now.TaskId} has another place in the queue";
            if (TaskIdentity.Of(was.Spec) != TaskIdentity.Of(now)) return $"the task {now.TaskId}, or its route, has changed";
        }

        var adapter = declare.Adapters.FirstOrDefault(a => state.Adapters.TryGetValue(a.AdapterId, out var was) && TaskIdentity.Of(was) != TaskIdentity.Of(a));
        return adapter is null ? null : $"the adapter {adapter.AdapterId} has changed";
    }

    /// <summary>What was added to a queue, with adapters that only it names.</summary>
    private static Decision Grow(ExecutionState state, DeclareExecution declare)
    {
        var added = declare.Tasks.Where(t => !state.HasTask(t.TaskId)).ToList();
        if (added.Count == 0) return Decision.Accept();
        var adapters = declare.Adapters.Where(a => !state.Adapters.ContainsKey(a.AdapterId));
        return Decision.Accept(
        [
            .. adapters.Select(a => new AdapterDeclared(a)),
            .. added.Select((t, i) => new TaskAdded(t, declare.Execution.By) { Attached = i == 0 ? declare.Documents : [] }),
        ]);
    }

    private static Decision? Known(ExecutionState state, string taskId) =>
        state.HasTask(taskId) ? null : Decision.Refuse(TaskRefusals.NoTask, $"the run {state.Declared.RunId} has no task {taskId}");

    private static Decision? Manual(ExecutionState state, string taskId)
    {
        if (Known(state, taskId) is { } unknown) return unknown;
        var task = state.Task(taskId);
        if (task.Phase != TaskPhase.InProgress || !state.IsManual(task))
        {
            return Decision.Refuse(KernelRefusals.NotWaiting, $"{taskId} is {WireName<TaskPhase>.Of(task.Phase)}: it does not wait for a person");
        }

        return task.Attempt!.Done is null ? null : Decision.Refuse(KernelRefusals.NotWaiting, $"{taskId} was said to be done already");
    }

    private static Decision EndTask(ExecutionState state, CancelTask cancel)
    {
        var task = state.Task(cancel.TaskId);
        if (task.HasEnded) return Decision.Refuse(KernelRefusals.Ended, $"{cancel.TaskId} is {WireName<TaskPhase>.Of(task.Phase)} already");
        if (task.CancelRequested is not null) return Decision.Accept();
        if (task.IsCommitting)
        {
            return Decision.Refuse(
                TaskRefusals.Committing, $"{cancel.TaskId} has passed its tests and comes into the tree now: roll its patch back instead");
        }

        return Decision.Accept(new TaskCancelRequested(cancel.TaskId, cancel.By, cancel.Reason));
    }

    private static Decision Retry(ExecutionState state, TasksUnderWay underWay, RetryTask retry)
    {
        var task = state.Task(retry.TaskId);
        if (!task.HasEnded)
        {
            return Decision.Refuse(TaskRefusals.NotEnded, $"{retry.TaskId} is {WireName<TaskPhase>.Of(task.Phase)}: it has not ended");
        }

        if (underWay.HasAny(task))
        {
            return Decision.Refuse(TaskRefusals.NotEnded, $"something of {retry.TaskId} is still being ended: try again in a moment");
        }

        if (task.Phase == TaskPhase.Completed)
        {
            return Decision.Refuse(TaskRefusals.Completed, $"{retry.TaskId} completed: its change is in the tree");
        }

        var reopened = new HashSet<string>(StringComparer.Ordinal) { retry.TaskId };
        var open = new Queue<string>(reopened);
        while (open.TryDequeue(out var id))
        {
            foreach (var dependant in state.Tasks.DependantsOf(id).Where(t => t.Phase == TaskPhase.Cancelled && reopened.Add(t.Spec.TaskId))) open.Enqueue(dependant.Spec.TaskId);
        }

        // A run that had come to its end goes on with whoever works on runs here.
        Event[] begun = state.Phase == ExecutionPhase.Finished ? [new ExecutionStarted(state.Jobs, retry.By)] : [];
        var again = state.Tasks.Where(t => reopened.Contains(t.Spec.TaskId)).Select(t => new TaskReopened(t.Spec.TaskId, retry.By, retry.Reason));
        return Decision.Accept([.. again, .. begun]);
    }
}
