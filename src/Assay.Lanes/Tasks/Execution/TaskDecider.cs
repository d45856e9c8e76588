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
            (_, DeclareExecution declare) => Same(state, declare)
                ? Decision.Accept()
                : Decision.Refuse(
                    TaskRefusals.RunChanged,
                    $"the run {state.Declared.RunId} was declared with another task queue, routing or adapters: give it another run_id"),
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

    private static bool Same(ExecutionState state, DeclareExecution declare) =>
        state.Declared.ProjectRoot == declare.Execution.ProjectRoot
        && state.Declared.SafeModeAfterMs == declare.Execution.SafeModeAfterMs
        && state.Declared.Escalation == declare.Execution.Escalation
        && state.Tasks.Select(t => TaskIdentity.Of(t.Spec)).SequenceEqual(declare.Tasks.Select(TaskIdentity.Of))
        && declare.Adapters.All(a => state.Adapters.TryGetValue(a.AdapterId, out var known) && TaskIdentity.Of(known) == TaskIdentity.Of(a));

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

        return task.Done is null ? null : Decision.Refuse(KernelRefusals.NotWaiting, $"{taskId} was said to be done already");
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

        return Decision.Accept([.. state.Tasks.Where(t => reopened.Contains(t.Spec.TaskId)).Select(t => new TaskReopened(t.Spec.TaskId, retry.By, retry.Reason))]);
    }
}
