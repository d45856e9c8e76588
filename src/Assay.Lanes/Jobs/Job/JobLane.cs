using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// Jobs: from blueprint or idea to registry, stopping wherever a person must decide (lane document: Jobs). It decides nothing itself.
/// </summary>
internal sealed class JobLane : Lane<JobState>
{
    public const string LaneName = "job";

    public static readonly JobLane Instance = new();

    public static StreamName StreamOf(string jobId) => StreamName.Of(LaneName, jobId);

    private static AnswerKinds Answers =>
        new(JobJson.Default, ("run", typeof(DossierAnswer)), ("trial", typeof(TrialAnswer)), ("submit", typeof(SubmitAnswer)));

    public override string Name => LaneName;

    public override EventCatalog Events { get; } =
        EffectEvents.Catalog(Answers, StreamOutcomeOfVersion1.To2(JobAnswersOfVersion1.Answer))
        .Add("BLUEPRINT_SUBMITTED", static () => JobJson.Default.BlueprintSubmitted)
        .Add("IDEA_SUBMITTED", static () => JobJson.Default.IdeaSubmitted)
        .Add("BLUEPRINT_PROPOSED", static () => JobJson.Default.BlueprintProposed)
        .Add("STRATEGY_SPEC_PROPOSED", static () => JobJson.Default.StrategySpecProposed)
        .Add("RUNSPEC_COMPILED", static () => JobJson.Default.RunspecCompiled)
        .Add("TRACE_PREVIEW_COMPLETED", static () => JobJson.Default.TracePreviewCompleted)
        .Add("WAITING_APPROVAL", static () => JobJson.Default.WaitingApproval)
        .Add("APPROVED", static () => JobJson.Default.Approved)
        .Add("REJECTED", static () => JobJson.Default.Rejected)
        .Add("RUN_COMPLETED", static () => JobJson.Default.RunCompleted)
        .Add("HOLDOUTS_JUDGED", static () => JobJson.Default.HoldoutsJudged)
        .Add("GATES_COMPLETED", static () => JobJson.Default.GatesCompleted)
        .Add("REGISTRY_UPDATED", static () => JobJson.Default.RegistryUpdated)
        .Add("REPORT_COMPLETED", static () => JobJson.Default.ReportCompleted)
        .Add("IMPROVEMENTS_PROPOSED", static () => JobJson.Default.ImprovementsProposed)
        .Add("SPAWN_REQUESTED", static () => JobJson.Default.SpawnRequested)
        .Add("SPAWNED", static () => JobJson.Default.Spawned)
        .Add("STOPPED_BUDGET", static () => JobJson.Default.StoppedBudget)
        .Add("CANCEL_REQUESTED", static () => JobJson.Default.JobCancelRequested)
        .Add("CANCELLED", static () => JobJson.Default.JobCancelled)
        .Add("ERROR", static () => JobJson.Default.JobFailed)
        .Add("RETRIED", static () => JobJson.Default.JobRetried)
        .Add("RERUN_REQUESTED", static () => JobJson.Default.JobRerunRequested)
        .Add("DONE", static () => JobJson.Default.JobDone);

    public override IReadOnlyList<LaneTable> Tables => [JobTables.Jobs];

    public override JobState Initial => JobState.Initial;

    public override JobState Evolve(JobState state, RecordedEvent recorded) => state.Evolve(recorded);

    public override Decision Decide(JobState state, ActiveEffects active, Command command, DateTimeOffset now) =>
        (state.Phase, command) switch
        {
            (JobPhase.None, SubmitJob submit) => Then(state, now, submit.Job),
            (_, SubmitJob submit) when submit.Job.Job.SpecSha256 != state.Job.SpecSha256 =>
                Decision.Refuse(KernelRefusals.IdCollision, $"{state.Job.JobId} names another job already"),
            (_, SubmitJob) => Decision.Accept(),
            (JobPhase.None, Cancel or WakeUp) => Decision.Accept(),
            (JobPhase.None, _) => Decision.Refuse(JobRefusals.NoJob, "there is no such job"),
            (_, ApproveStep approve) => Checkpoint(state, approve.Step, approve.Sha256, approve.By)
                ?? Then(state, now, new Approved(approve.Step, approve.Sha256, approve.By, approve.Reason)),
            (_, RejectStep reject) => Checkpoint(state, reject.Step, reject.Sha256, reject.By) ?? Reject(state, reject, now),
            (JobPhase.Active or JobPhase.Waiting or JobPhase.Error, CancelJob cancel) =>
                Cancelling(active, new JobCancelRequested(cancel.By, cancel.Reason)),
            (JobPhase.Active or JobPhase.Waiting or JobPhase.Error, Cancel cancel) =>
                Cancelling(active, new JobCancelRequested(new Actor(cancel.By, Actor.Engine.Via), null)),
            (JobPhase.Cancelling, CancelJob) => Decision.Accept(),
            (_, CancelJob) => Decision.Refuse(KernelRefusals.Ended, $"the job has ended: {JobTables.StateWord(state)}"),
            (JobPhase.Error, RetryJob retry) => Then(state, now, OwnContractRule.Retried(retry)),
            (_, RetryJob) =>
                Decision.Refuse(JobRefusals.NoError, $"only a job in ERROR can be retried; this one is {JobTables.StateWord(state)}"),
            (JobPhase.Done, RerunJob rerun) => Decision.Accept(RerunRule.Request(state, rerun)),
            (_, RerunJob) =>
                Decision.Refuse(JobRefusals.NotDone, $"only a job that is DONE can be run again; this one is {JobTables.StateWord(state)}"),
            (JobPhase.Done, SpawnJob spawn) => Spawn(state, spawn),
            (_, SpawnJob) =>
                Decision.Refuse(JobRefusals.NotDone, $"only a job that is DONE can spawn; this one is {JobTables.StateWord(state)}"),
            (_, Cancel or WakeUp) => Decision.Accept(),
            _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"a job knows no {command.GetType().Name}"),
        };

    public override StreamAnswer Answer(JobState state, Command command) => new SubmitAnswer(state.Phase);

    public override Work Next(JobState state, ActiveEffects active, DateTimeOffset now) => state.Phase switch
    {
        JobPhase.Active when state.Next is JobStep.Stage stage => new Work.Perform([JobEffects.Stage(state, stage.Name, now)]),
        JobPhase.Active or JobPhase.Done when state.ToSpawn.Length > 0 => new Work.Perform([JobEffects.Spawn(state, state.ToSpawn[0])]),
        JobPhase.Done when state.ToRerun is [var rerun, ..] => new Work.Perform([JobEffects.Rerun(rerun)]),
        JobPhase.Waiting => new Work.Wait($"a decision on {state.Waiting!.Step}"),
        JobPhase.Cancelling => new Work.End("the job was cancelled"),
        JobPhase.Done or JobPhase.Rejected or JobPhase.StoppedBudget or JobPhase.Cancelled or JobPhase.Error => Work.Finished.Instance,
        JobPhase.None => new Work.Wait("a specification"),
        var phase => throw new InvalidOperationException($"a job that is {phase} at {state.Step} has nothing to do"),
    };

    public override Effect EffectOf(JobState state, string effectId) => JobEffects.Find(state, effectId);

    public override IReadOnlyList<Event> Record(JobState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        if (state.Phase == JobPhase.Cancelling) return [new JobCancelled()];
        return JobFlow.Continue(state, StageRule.Events(state, report), now);
    }

    public override IReadOnlyList<MirrorFile> Mirror(JobState state, RecordedEvent recorded) => JobFiles.Of(state, recorded);

    public override IReadOnlyList<LogLine> Lines(JobState state, RecordedEvent recorded) => JobFiles.Lines(state, recorded, JobLog.Line);

    public override IReadOnlyList<LogLine> LinesOfFormat1(JobState state, RecordedEvent recorded) =>
        JobFiles.Lines(state, recorded, JobLogOfFormat1.Line);

    public override IReadOnlyList<LaneRow> Rows(JobState state, RecordedEvent recorded) => JobTables.Rows(state, recorded);

    private static Decision Then(JobState state, DateTimeOffset now, params IReadOnlyList<Event> events) => Decision.Accept(JobFlow.Continue(state, events, now));

    /// <summary>Why a decision at a checkpoint cannot be taken; null when it can.</summary>
    private static Decision.Refused? Checkpoint(JobState state, string step, Digest sha256, Actor by)
    {
        static Decision.Refused No(RefusalKind kind, string message) => new(new Refusal(kind, message));
        if (!by.IsPerson) return No(KernelRefusals.NotAPerson, "only a person can decide at a checkpoint");
        if (state.Waiting is { } waiting && waiting.Step == step)
        {
            return waiting.Sha256 == sha256
                ? null
                : No(JobRefusals.DocumentChanged, $"the document has changed: it is {waiting.Sha256} now; look at it and decide again");
        }

        if (state.Approvals.Any(a => a.Step == step && a.Sha256 == sha256))
        {
            return No(JobRefusals.AlreadyApproved, $"{step} was approved already");
        }

        if (state.Rejections.Any(r => r.Step == step && r.Sha256 == sha256))
        {
            return No(JobRefusals.AlreadyRejected, $"that {step} was rejected already");
        }

        return No(KernelRefusals.NotWaiting, state.Waiting is { } other
            ? $"the job waits for a decision on {other.Step}, not on {step}"
            : $"the job does not wait for a decision: it is {JobTables.StateWord(state)}");
    }

    private static Decision Reject(JobState state, RejectStep reject, DateTimeOffset now)
    {
        var rejected = new Rejected(reject.Step, reject.Sha256, reject.By, reject.Reason, reject.Replacement is not null);
        if (reject.Replacement is not { } bytes) return Decision.Accept(rejected);
        return ReplacementRule.Make(state, reject, bytes) switch
        {
            (_, { } problem) => new Decision.Refused(problem.ToRefusal()),
            ({ } made, null) => Then(state, now, rejected, made),
            _ => throw new InvalidOperationException("neither a document nor a problem"),
        };
    }

    private static Decision Cancelling(ActiveEffects active, JobCancelRequested request) =>
        Decision.Accept([request, .. active.Count == 0 ? [new JobCancelled()] : Array.Empty<Event>()]);

    private static Decision Spawn(JobState state, SpawnJob spawn)
    {
        if (state.ToSpawn.Any(c => c.JobId == spawn.Child.JobId) || state.Children.Any(c => c.ChildJobId == spawn.Child.JobId)) return Decision.Accept();
        var pending = state with { Counters = state.Counters with { Spawned = state.Counters.Spawned + state.ToSpawn.Length } };
        return BudgetRule.SpawnOne(pending, spawn.Child) is { } stop
            ? Decision.Accept(stop)
            : Decision.Accept(new SpawnRequested(spawn.Child, spawn.By) { Attached = spawn.Documents });
    }
}
