using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Tasks: routed work, executed through adapters, tested, and every change on record (lane document: Tasks).</summary>
internal sealed class TaskLane : Lane<ExecutionState>
{
    public const string LaneName = "execution";

    public static readonly TaskLane Instance = new();

    public static StreamName StreamOf(string runId) => StreamName.Of(LaneName, runId);

    private static AnswerKinds Answers =>
        new(TaskJson.Default, ("permit", typeof(PermitAnswer)), ("report", typeof(ReportAnswer)), ("patch", typeof(PatchAnswer)));

    public override string Name => LaneName;

    public override EventCatalog Events { get; } =
        EffectEvents.Catalog(Answers, StreamOutcomeOfVersion1.To2(TaskAnswersOfVersion1.Answer))
        .Add("EXECUTION_DECLARED", static () => TaskJson.Default.ExecutionDeclared)
        .Add("ADAPTER_DECLARED", static () => TaskJson.Default.AdapterDeclared)
        .Add("TASK_DECLARED", static () => TaskJson.Default.TaskDeclared)
        .Add("TASK_ADDED", static () => TaskJson.Default.TaskAdded)
        .Add("EXECUTION_STARTED", static () => TaskJson.Default.ExecutionStarted)
        .Add("EXECUTION_STOPPED", static () => TaskJson.Default.ExecutionStopped)
        .Add("EXECUTION_PAUSED", static () => TaskJson.Default.ExecutionPaused)
        .Add("EXECUTION_RESUMED", static () => TaskJson.Default.ExecutionResumed)
        .Add("EXECUTION_FINISHED", static () => TaskJson.Default.ExecutionFinished)
        .Add("TASK_STARTED", static () => TaskJson.Default.TaskStarted)
        .Add("TASK_DEFERRED", static () => TaskJson.Default.TaskDeferred)
        .Add("TASK_ATTEMPTED", static () => TaskJson.Default.TaskAttempted)
        .Add("MANUAL_DONE", static () => TaskJson.Default.ManualDone)
        .Add("MANUAL_FAILED", static () => TaskJson.Default.ManualFailed)
        .Add("MANUAL_REMINDED", static () => TaskJson.Default.ManualReminded)
        .Add("TASK_VALIDATING", static () => TaskJson.Default.TaskValidating)
        .Add("TASK_TESTED", static () => TaskJson.Default.TaskTested)
        .Add("TASK_TEST_CHECKED", static () => TaskJson.Default.TestChecked)
        .Add("TASK_TREE_MOVED", static () => TaskJson.Default.TaskTreeMoved)
        .Add("TASK_RETRIED", static () => TaskJson.Default.TaskRetried)
        .Add("TASK_COMPLETED", static () => TaskJson.Default.TaskCompleted)
        .Add("TASK_FAILED", static () => TaskJson.Default.TaskFailed)
        .Add("TASK_TIMEOUT", static () => TaskJson.Default.TaskTimedOut)
        .Add("TASK_CANCELLED", static () => TaskJson.Default.TaskCancelled)
        .Add("TASK_REOPENED", static () => TaskJson.Default.TaskReopened)
        .Add("TASK_CANCEL_REQUESTED", static () => TaskJson.Default.TaskCancelRequested)
        .Add("ESCALATED", static () => TaskJson.Default.Escalated)
        .Add("ESCALATION_UNDELIVERED", static () => TaskJson.Default.EscalationUndelivered);

    public override IReadOnlyList<LaneTable> Tables => TaskTables.All;

    public override ExecutionState Initial => ExecutionState.Initial;

    public override JsonTypeInfo<ExecutionState> StateType => TaskStateJson.Default.ExecutionState;

    public override ExecutionState Evolve(ExecutionState state, RecordedEvent recorded) => state.Evolve(recorded);

    public override Decision Decide(ExecutionState state, ActiveEffects active, Command command, DateTimeOffset now)
    {
        var underWay = new TasksUnderWay(active);
        var decision = TaskDecider.Decide(state, underWay, command, now);
        return decision is Decision.Accepted { Events.Count: > 0 } accepted
            ? Decision.Accept([.. TaskFlow.WithConsequences(state, underWay, accepted.Events, now)])
            : decision;
    }

    public override Work Next(ExecutionState state, ActiveEffects active, DateTimeOffset now) =>
        TaskSchedule.Next(state, new TasksUnderWay(active), now);

    public override Effect EffectOf(ExecutionState state, string effectId)
    {
        var id = TaskEffectId.Parse(effectId);
        if (id.TaskId is not { } taskId) return TaskEffects.FollowUpOf(state, effectId, state.FollowUps[effectId]);
        var task = state.Task(taskId);
        return id.Kind switch
        {
            TaskEffectId.Permit => TaskEffects.AskPermit(state, task, id.Detail!),
            TaskEffectId.Copy => TaskEffects.CopyOf(state, task),
            TaskEffectId.Context => TaskContext.Gathered(task),
            TaskEffectId.Act => TaskEffects.ActOf(state, task),
            TaskEffectId.Answer => TaskEffects.AnswerOf(state, task),
            TaskEffectId.Capture => TaskEffects.CaptureOf(task),
            TaskEffectId.Prepare => TaskEffects.PrepareOf(task),
            TaskEffectId.Place => TaskEffects.PlaceOf(task, task.Spec.Test(id.Detail!)),
            TaskEffectId.Test => TaskEffects.TestOf(state, task, task.Spec.Test(id.Detail!)),
            TaskEffectId.Check => TaskEffects.CheckOf(task, task.Spec.Test(id.Detail!)),
            TaskEffectId.Reset => TaskEffects.ResetOf(task, task.Spec.Test(id.Detail!)),
            TaskEffectId.Commit => TaskEffects.CommitOf(state, task),
            var kind => throw new InvalidOperationException($"a run asks for no {kind}"),
        };
    }

    public override IReadOnlyList<Event> Record(ExecutionState state, ActiveEffects active, EffectReport report, DateTimeOffset now) =>
        [.. TaskFlow.WithConsequences(state, new TasksUnderWay(active), TaskFlow.OnReport(state, report, now), now)];

    public override IReadOnlyList<MirrorFile> Mirror(ExecutionState state, RecordedEvent recorded)
    {
        var runId = state.Declared.RunId;
        return recorded.Body switch
        {
            TaskStarted started when state.Adapters[started.AdapterId].Kind == AdapterKind.Manual && state.Task(started.TaskId).Spec.Instructions is { } text =>
                [new BlobFile(null, TaskPaths.Instructions(runId, started.TaskId), text.SizeBytes, text.Sha256)],
            ManualDone done => [.. done.Evidence.Select(f => new BlobFile(null, TaskPaths.Evidence(runId, done.TaskId, f.Name), f.SizeBytes, f.Sha256))],
            EffectFinished { Outcome: ProcessOutcome run } =>
                [.. run.Output.Select(c => new CapturedFile(null, c.File, c.SizeBytes, c.Sha256))],
            EffectFinished { Outcome: HttpOutcome { Body: { } body } } => [new CapturedFile(null, body.File, body.SizeBytes, body.Sha256)],
            _ => [],
        };
    }

    public override IReadOnlyList<LaneRow> Rows(ExecutionState state, RecordedEvent recorded) => TaskTables.Rows(state, recorded);
}
