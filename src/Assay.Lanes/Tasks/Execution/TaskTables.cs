using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>The tables <c>executions</c>, <c>tasks</c> and <c>execution_log</c>, for plain SQL and pages.</summary>
internal static class TaskTables
{
    public static readonly LaneTable Executions = new(
        "executions", "run_id", "phase", "project_root", LaneColumn.Integer("tasks"), LaneColumn.Integer("completed"), LaneColumn.Integer("failed"), "pause_reason", LaneColumn.Money("cost_micro_usd"), LaneColumn.Time("started_at"), LaneColumn.Time("updated_at"))
    {
        Indexes = [["started_at"]],
    };

    public static readonly LaneTable Tasks = new(
        "tasks", "task", "run_id", "task_id", "title", "kind", LaneColumn.Integer("priority"), "state", "adapter_id", LaneColumn.Integer("attempts"), "patch_id", LaneColumn.Integer("tests_passed"), LaneColumn.Integer("tests_failed"), "reason", LaneColumn.Money("cost_micro_usd"),
        LaneColumn.Integer("duration_ms"), LaneColumn.Integer("waited_ms"), LaneColumn.Time("started_at"), LaneColumn.Time("ended_at"),
        LaneColumn.Integer("position"))
    {
        Indexes = [["run_id", "position"], ["state"]],
    };

    public static readonly LaneTable Log = new("execution_log", "entry", "run_id", LaneColumn.Integer("version"), LaneColumn.Time("at"), "event", "task_id", "adapter_id", "message") { Indexes = [["run_id", "version"]] };

    public static IReadOnlyList<LaneTable> All { get; } = [Executions, Tasks, Log];

    public static IReadOnlyList<LaneRow> Rows(ExecutionState state, RecordedEvent recorded)
    {
        if (recorded.Body is not TaskLaneEvent body) return [];
        var rows = new List<LaneRow> { Run(state, recorded.At), Entry(state, recorded, body) };
        if (body is TaskDeclared declared) rows.Add(Task(state, state.Task(declared.Task.TaskId)));
        if (body is TaskAdded added) rows.Add(Task(state, state.Task(added.Task.TaskId)));
        if (body is TaskEvent of) rows.Add(Task(state, state.Task(of.TaskId)));
        return rows;
    }

    private static LaneRow Run(ExecutionState state, DateTimeOffset at) => new(
        Executions, state.Declared.RunId, WireName<ExecutionPhase>.Of(state.Phase), state.Declared.ProjectRoot, (long)state.Tasks.Count, (long)state.Count(TaskPhase.Completed),
        (long)(state.Count(TaskPhase.Failed) + state.Count(TaskPhase.TimedOut) + state.Count(TaskPhase.Cancelled)), state.PauseReason, state.Tasks.Cost.Micros,
        RecordedTime.Text(state.StartedAt == default ? at : state.StartedAt), RecordedTime.Text(at));

    private static LaneRow Task(ExecutionState state, TaskState task) => new(
        Tasks, $"{state.Declared.RunId}/{task.Spec.TaskId}", state.Declared.RunId, task.Spec.TaskId, task.Spec.Title, task.Spec.Kind, (long)task.Spec.Priority, WireName<TaskPhase>.Of(task.Phase),
        task.AdapterId, (long)task.Attempts, task.Patch?.PatchId, (long)task.Tests.Count(t => t.Passed), (long)task.Tests.Count(t => !t.Passed), task.Reason,
        task.Cost.Micros, task is { StartedAt: not null, HasEnded: true } ? task.Clock.WorkedMs : null, task.Clock.WaitedMs,
        task.StartedAt is { } started ? RecordedTime.Text(started) : null, task.EndedAt is { } ended ? RecordedTime.Text(ended) : null, (long)state.Tasks.PlaceOf(task.Spec.TaskId));

    private static LaneRow Entry(ExecutionState state, RecordedEvent recorded, TaskLaneEvent body) => new(
        Log, $"{state.Declared.RunId}/{recorded.Version}", state.Declared.RunId, recorded.Version, RecordedTime.Text(recorded.At), TaskLane.Instance.Events.NameOf(body),
        (body as TaskEvent)?.TaskId ?? (body as Escalated)?.TaskId, (body as TaskEvent) is { } of ? state.Task(of.TaskId).AdapterId : (body as Escalated)?.AdapterId, TaskLog.Describe(body));
}

/// <summary>The table <c>adapters</c>.</summary>
internal static class AdapterTables
{
    public static readonly LaneTable Adapters = new(
        "adapters", "adapter_id", "kind", "circuit", LaneColumn.Integer("failures"), LaneColumn.Time("open_since"), LaneColumn.Time("open_until"), "health", "health_reason", LaneColumn.Time("checked_at"), LaneColumn.Time("updated_at"));

    public static IReadOnlyList<LaneRow> Rows(AdapterState state, RecordedEvent recorded) => state.Spec is not { } spec || recorded.Body is EffectStarted
        ? []
        : [
            new LaneRow(
                Adapters, spec.AdapterId, WireName<AdapterKind>.Of(spec.Kind), WireName<Circuit>.Of(state.Breaker.Circuit), (long)state.Breaker.Failures, Time(state.Breaker.Since),
                Time(state.Breaker.OpenUntil), state.Healthy switch { null => spec.HealthCheck is null ? "unchecked" : "unknown", true => "healthy", false => "unhealthy" },
                state.HealthReason, Time(state.CheckedAt), RecordedTime.Text(recorded.At)),
        ];

    private static string? Time(DateTimeOffset? at) => at is { } time ? RecordedTime.Text(time) : null;
}

/// <summary>The tables <c>patches</c> and <c>patch_history</c>.</summary>
internal static class PatchTables
{
    public static readonly LaneTable Patches = new(
        "patches", "patch", "project_id", "patch_id", "run_id", "task_id", "state", "reason", LaneColumn.Integer("files"), LaneColumn.Integer("lines_added"), LaneColumn.Integer("lines_removed"), "base_tree_sha256", LaneColumn.Time("updated_at"))
    {
        Indexes = [["updated_at"], ["patch_id"], ["run_id", "task_id"]],
    };

    public static readonly LaneTable History = new("patch_history", "entry", "project_id", "patch_id", "run_id", "task_id", "state", "reason", "actor", LaneColumn.Time("at"))
    {
        Indexes = [["patch_id", "at"]],
    };

    public static IReadOnlyList<LaneTable> All { get; } = [Patches, History];

    public static IReadOnlyList<LaneRow> Rows(ProjectState state, RecordedEvent recorded)
    {
        var (patchId, by) = recorded.Body switch
        {
            PatchCreated created => (created.Patch.PatchId, null),
            PatchMoved moved => (moved.PatchId, moved.By),
            _ => ((string?)null, (Actor?)null),
        };
        if (patchId is null) return [];
        var (patch, project) = (state.Patches[patchId], TaskIdentity.ProjectId(state.Root!));
        var (declared, word) = (patch.Patch, WireName<PatchState>.Of(patch.State));
        return
        [
            new LaneRow(
                Patches, $"{project}/{patchId}", project, patchId, declared.RunId, declared.TaskId, word, patch.Reason, (long)declared.FileCount, declared.Added, declared.Removed,
                declared.BaseTreeSha256.ToString(), RecordedTime.Text(recorded.At)),
            new LaneRow(
                History, $"{project}/{recorded.Version}", project, patchId, declared.RunId, declared.TaskId, word, patch.Reason, by?.Name, RecordedTime.Text(recorded.At)),
        ];
    }
}
