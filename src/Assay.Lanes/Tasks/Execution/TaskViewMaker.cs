using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>Makes of a run's state what people see.</summary>
internal static class TaskViewMaker
{
    /// <summary>A run with its adapters.</summary>
    public static RunView Run(ExecutionState state, ImmutableArray<AdapterView> adapters, IReadOnlySet<string> interrupted)
    {
        var holds = new ScopeHold(state);
        return new RunView
        {
            RunId = state.Declared.RunId,
            State = WireName<ExecutionPhase>.Of(state.Phase),
            ProjectRoot = state.Declared.ProjectRoot,
            PauseReason = state.PauseReason,
            Tasks = [.. state.Tasks.Select(t => Summary(state, t, holds, interrupted.Contains(t.Spec.TaskId)))],
            Counts = [.. Counted(state)],
            Adapters = adapters,
            Cost = state.Tasks.Cost,
            IsCostUnknown = state.Tasks.Any(t => t.IsCostUnknown),
        };
    }

    /// <summary>A task, but for what the ledger and the logs keep of it.</summary>
    public static TaskView Task(ExecutionState state, TaskState task, bool isInterrupted)
    {
        var reached = Reached(task).ToList();
        return new TaskView
        {
            RunId = state.Declared.RunId,
            Task = Summary(state, task, new ScopeHold(state), isInterrupted),
            Kind = task.Spec.Kind,
            Priority = task.Spec.Priority,
            AdapterIds = task.Spec.AdapterIds,
            RoutingReason = task.Spec.RoutingReason,
            RetrySafe = task.Spec.RetrySafe,
            WorkingTree = task.Spec.WorkingTree,
            Writes = task.Spec.FileScope.Write,
            WorkCopy = task.Attempt?.Copy?.Work,
            Cost = task.IsCostUnknown ? "not known" : task.Cost.Micros > 0 ? task.Cost.ToString() : null,
            Agent = task.Call?.Agent is { } agent ? AgentView.Of(agent, task.Call.Gateway) : null,
            Tests = [.. task.Tests.Select(Test)],
            AdapterNetwork = task.Call?.Egress,
            Network = [.. reached.SelectMany(r => r.Egress.Attempts.Select(a => (r.Program, a)))],
            NetworkUnlisted = reached.Sum(r => r.Egress.Unlisted),
            Events = [],
            Output = [],
        };
    }

    /// <summary>How many tasks are where, in words: <c>3 COMPLETED, 1 FAILED</c>.</summary>
    public static string Counts(ExecutionState state) => string.Join(", ", Counted(state).Select(c => $"{c.Count} {c.State}"));

    private static IEnumerable<(string State, int Count)> Counted(ExecutionState state) =>
        Enum.GetValues<TaskPhase>().Where(p => state.Count(p) > 0).Select(p => (WireName<TaskPhase>.Of(p), state.Count(p)));

    private static TaskSummary Summary(ExecutionState state, TaskState task, ScopeHold holds, bool isInterrupted) => new()
    {
        TaskId = task.Spec.TaskId,
        Title = task.Spec.Title,
        State = WireName<TaskPhase>.Of(task.Phase),
        HasEnded = task.HasEnded,
        IsInterrupted = isInterrupted,
        WaitsForPerson = state.WaitsForPerson(task),
        BrokePolicy = task.Standing is TaskStanding.Ended { Failure: TaskFailure.PolicyViolation },
        HitBudget = task.Standing is TaskStanding.Ended { Failure: TaskFailure.Budget },
        AdapterId = task.AdapterId,
        Attempts = task.Attempts,
        Tests = task.Tests.Length,
        TestsPassed = task.Tests.Count(t => t.Passed),
        PatchId = task.Patch?.PatchId,
        Reason = task.Reason,
        HeldBy = holds.Of(task),
        Awaits = Awaits(state, task),
        Isolation = CageNote.Of(task.Uncaged, task.NetworkOpen),
        Took = task is { StartedAt: not null, HasEnded: true } ? TimeSpan.FromMilliseconds(task.Clock.WorkedMs) : null,
        Waited = TimeSpan.FromMilliseconds(task.Clock.WaitedMs),
    };

    /// <summary>The tasks that one depends on and that are not completed yet; none when it does not wait for its turn.</summary>
    public static ImmutableArray<string> Awaits(ExecutionState state, TaskState task) =>
        task.Phase == TaskPhase.Pending ? [.. task.Spec.DependsOn.Where(d => state.Task(d).Phase != TaskPhase.Completed)] : [];

    private static TestView Test(TestResult test) => new(
        test.Name, test.Required, test.Passed, test.Tests, test.Failures, test.Reason, test.FirstFailures,
        TimeSpan.FromMilliseconds(test.DurationMs))
    {
        Network = test.Egress,
    };

    private static IEnumerable<(string Program, Egress Egress)> Reached(TaskState task)
    {
        if (task.Call?.Egress is { } adapter) yield return (task.AdapterId ?? "", adapter);
        foreach (var test in task.Tests)
        {
            if (test.Egress is { } egress) yield return ($"test {test.Name}", egress);
        }
    }
}
