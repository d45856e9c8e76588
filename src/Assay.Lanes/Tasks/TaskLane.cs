using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Tasks: routed work, executed through adapters, tested, and every change on record (lane document: Tasks).</summary>
public sealed class TaskLane : Lane<ExecutionState>
{
    public const string LaneName = "execution";

    public static readonly TaskLane Instance = new();

    public static StreamName StreamOf(string runId) => StreamName.Of(LaneName, runId);

    private static AnswerKinds Answers =>
        new(TaskJson.Default, ("permit", typeof(PermitAnswer)), ("report", typeof(ReportAnswer)), ("patch", typeof(PatchAnswer)));

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = new EventCatalog(TaskJson.Default, Answers, StreamOutcomeOfVersion1.To2(TaskAnswersOfVersion1.Answer))
        .Add<ExecutionDeclared>("EXECUTION_DECLARED")
        .Add<AdapterDeclared>("ADAPTER_DECLARED")
        .Add<TaskDeclared>("TASK_DECLARED")
        .Add<ExecutionStarted>("EXECUTION_STARTED")
        .Add<ExecutionStopped>("EXECUTION_STOPPED")
        .Add<ExecutionPaused>("EXECUTION_PAUSED")
        .Add<ExecutionResumed>("EXECUTION_RESUMED")
        .Add<ExecutionFinished>("EXECUTION_FINISHED")
        .Add<TaskStarted>("TASK_STARTED")
        .Add<TaskDeferred>("TASK_DEFERRED")
        .Add<TaskAttempted>("TASK_ATTEMPTED")
        .Add<ManualDone>("MANUAL_DONE")
        .Add<ManualFailed>("MANUAL_FAILED")
        .Add<ManualReminded>("MANUAL_REMINDED")
        .Add<TaskValidating>("TASK_VALIDATING")
        .Add<TaskTested>("TASK_TESTED")
        .Add<TaskRetried>("TASK_RETRIED")
        .Add<TaskCompleted>("TASK_COMPLETED")
        .Add<TaskFailed>("TASK_FAILED")
        .Add<TaskTimedOut>("TASK_TIMEOUT")
        .Add<TaskCancelled>("TASK_CANCELLED")
        .Add<TaskReopened>("TASK_REOPENED")
        .Add<TaskCancelRequested>("TASK_CANCEL_REQUESTED")
        .Add<Escalated>("ESCALATED")
        .Add<EscalationUndelivered>("ESCALATION_UNDELIVERED");

    public override IReadOnlyList<LaneTable> Tables => TaskTables.All;

    public override ExecutionState Initial => ExecutionState.Initial;

    public override JsonTypeInfo<ExecutionState> StateType => TaskStateJson.Default.ExecutionState;

    public override ExecutionState Evolve(ExecutionState state, RecordedEvent recorded) => state.Evolve(recorded);

    public override Decision Decide(ExecutionState state, ActiveEffects active, Command command, DateTimeOffset now)
    {
        var underWay = new TasksUnderWay(active);
        var decision = TaskDesk.Decide(state, underWay, command, now);
        return decision is Decision.Accepted { Events.Count: > 0 } accepted
            ? Decision.Accept([.. TaskFlow.WithConsequences(state, underWay, accepted.Events, now)])
            : decision;
    }

    public override Work Next(ExecutionState state, ActiveEffects active, DateTimeOffset now) =>
        TaskSchedule.Next(state, new TasksUnderWay(active), now);

    public override Effect EffectOf(ExecutionState state, string effectId)
    {
        var id = TaskEffectId.Parse(effectId);
        if (id.TaskId is not { } taskId) return TaskEffects.ChoreOf(state, effectId, state.Chores[effectId]);
        var task = state.Task(taskId);
        return id.Kind switch
        {
            TaskEffectId.Permit => TaskEffects.AskPermit(state, task, id.Detail!),
            TaskEffectId.Copy => TaskEffects.CopyOf(state, task),
            TaskEffectId.Act => TaskEffects.ActOf(state, task),
            TaskEffectId.Answer => TaskEffects.AnswerOf(state, task),
            TaskEffectId.Capture => TaskEffects.CaptureOf(task),
            TaskEffectId.Prepare => TaskEffects.PrepareOf(task),
            TaskEffectId.Test => TaskEffects.TestOf(state, task, task.Spec.AcceptanceTests.Single(t => t.Name == id.Detail)),
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
