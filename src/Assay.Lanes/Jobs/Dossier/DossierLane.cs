using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>Asks for a run. One that is complete stays as it is; one that is under way goes on; one that failed is tried again.</summary>
internal sealed record DeclareDossier(DossierDeclared Run) : Command;

/// <summary>
/// Runs: one dossier for each combination of run specification, snapshot and component, shared by all jobs that ask for it (lane
/// document: Jobs, Storage and Segments). A hold-out that wrote a curve or trades fails the run before anything is copied.
/// </summary>
internal sealed class DossierLane : Lane<DossierState>
{
    public const string LaneName = "run";
    public static readonly DossierLane Instance = new();

    private const string ProcessEffect = "run";
    private const string CollectEffect = "collect";

    public static StreamName StreamOf(string runId) => StreamName.Of(LaneName, runId);

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = EffectEvents.Catalog()
        .Add("RUN_DECLARED", static () => JobJson.Default.DossierDeclared)
        .Add("RUN_CANCEL_REQUESTED", static () => JobJson.Default.DossierCancelRequested)
        .Add("RUN_FAILED", static () => JobJson.Default.DossierFailed)
        .Add("RUN_JUDGED", static () => JobJson.Default.DossierJudged)
        .Add("RUN_FINISHED", static () => JobJson.Default.DossierFinished);

    public override IReadOnlyList<LaneTable> Tables => [DossierTables.Runs];

    public override DossierState Initial => DossierState.Initial;

    public override DossierState Evolve(DossierState state, RecordedEvent recorded) => state.Evolve(recorded);

    public override Decision Decide(DossierState state, ActiveEffects active, Command command, DateTimeOffset now) =>
        (state.Phase, command) switch
        {
            (DossierPhase.None, DeclareDossier declare) => Decision.Accept(declare.Run),
            (_, DeclareDossier declare) when declare.Run.RunSha256 != state.Declared.RunSha256 =>
                Decision.Refuse(KernelRefusals.IdCollision, $"{state.Declared.RunId} names another run already"),
            (DossierPhase.Failed, DeclareDossier declare) => Decision.Accept(declare.Run),
            (_, DeclareDossier) => Decision.Accept(),
            (DossierPhase.Running, Cancel cancel) => Decision.Accept(
                [new DossierCancelRequested(cancel.By), .. active.Count == 0 ? [Cancelled] : Array.Empty<Event>()]),
            (_, Cancel or WakeUp) => Decision.Accept(),
            _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"a run knows no {command.GetType().Name}"),
        };

    public override StreamAnswer Answer(DossierState state, Command command)
    {
        // What another job's run cost is not the asking one's own.
        var isOwn = command is DeclareDossier declare && declare.Run.JobId == state.Declared.JobId;
        var end = state.Phase == DossierPhase.Completed ? DossierEnd.Completed : state.Failure?.Status ?? DossierEnd.Cancelled;
        var (cost, durationMs) = isOwn ? (state.Cost, state.DurationMs) : (default, 0);
        return new DossierAnswer(end, state.Failure?.Rule, state.Failure?.Message, isOwn, cost, durationMs)
        {
            Document = state.Phase == DossierPhase.Completed ? state.Manifest.Bytes() : default,
            OpenSummary = state.Phase == DossierPhase.Completed ? state.OpenSummary : null,
            Egress = isOwn ? state.Egress : null,
        };
    }

    public override Work Next(DossierState state, ActiveEffects active, DateTimeOffset now) => state.Phase switch
    {
        DossierPhase.Running => new Work.Perform([state.Passed is null ? Process(state, now) : Collect(state)]),
        DossierPhase.Cancelling => new Work.End("the run was cancelled"),
        DossierPhase.Completed or DossierPhase.Failed => Work.Finished.Instance,
        DossierPhase.None => new Work.Wait("a run specification"),
        var phase => throw new InvalidOperationException($"unknown phase {phase}"),
    };

    public override Effect EffectOf(DossierState state, string effectId) => effectId == CollectEffect ? Collect(state) : Process(state, state.LastAt);

    public override IReadOnlyList<Event> Record(DossierState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        if (state.Phase == DossierPhase.Cancelling) return [Cancelled];
        switch (report)
        {
            case EffectCompleted { Outcome: ProcessOutcome run } done:
                return OnRun(state, run, done.Evidence);
            case EffectCompleted { Outcome: FilesOutcome files }:
                return OnCollected(state, files);
            case EffectLost lost:
                return state.Declared.Component.RetrySafe ? [] : [Interrupted($"{lost.Reason}; the run is not declared retry_safe")];
            default:
                throw new InvalidOperationException($"a run asks for no effect with {report}");
        }
    }

    public override IReadOnlyList<MirrorFile> Mirror(DossierState state, RecordedEvent recorded) => recorded.Body is not DossierFinished finished
        ? []
        : [
            .. finished.Files.Select(f => new CapturedFile(null, $"{JobPaths.Dossier(state.Declared.RunId)}/{f.Path}", f.SizeBytes, f.Sha256)),
            new DerivedFile(null, JobPaths.Manifest(state.Declared.RunId), state.Manifest.Bytes()),
        ];

    public override IReadOnlyList<LaneRow> Rows(DossierState state, RecordedEvent recorded) => DossierTables.Rows(state, recorded);

    private static DossierFailed Cancelled => new(DossierEnd.Cancelled, StageRefusals.Cancelled.Code, "the run was cancelled");

    private static RunProcess Process(DossierState state, DateTimeOffset startsAt)
    {
        var run = state.Declared;
        var runspec = new StageDocument("inputs/runspec.json", run.Runspec.Sha256, run.Runspec.Contract);
        return new StageProcess
        {
            EffectId = ProcessEffect,
            Component = run.Component,
            Input = new StageInput
            {
                Stage = JobStages.Run,
                RunId = run.RunId,
                SnapshotId = run.SnapshotId,
                Documents = ImmutableSortedDictionary.Create<string, StageDocument>(StringComparer.Ordinal).Add(JobDocumentNames.Runspec, runspec),
            },
            Root = null,
            RunRoot = JobPaths.DossierRunRoot(run.RunId),
            StdoutFile = JobPaths.DossierLog(run.RunId, "stdout"),
            StderrFile = JobPaths.DossierLog(run.RunId, "stderr"),
            Collect = DossierRule.Wanted(run.Segments),
            List = new FolderListing(StageProcess.OutputFolder),
            NotAfter = run.MaxWallClockMs is { } max ? startsAt + TimeSpan.FromMilliseconds(Math.Max(0, max - state.DurationMs)) : null,
            MaxCost = run.MaxCost?.Less(state.Cost),
        }.ToEffect();
    }

    private static CollectFiles Collect(DossierState state) => new(CollectEffect)
    {
        From = [$"{state.Passed!.RunRoot}/{StageProcess.OutputFolder}"],
        To = JobPaths.Dossier(state.Declared.RunId),
        KeepFolders = false,
        MaxFiles = new FolderListing("").MaxFiles,
    };

    private static IReadOnlyList<Event> OnRun(DossierState state, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        if (BudgetRule.EndOf(run) is { } limit)
        {
            var budget = limit == BudgetRule.Cost ? "cost" : "wall-clock";
            return [new DossierFailed(DossierEnd.StoppedBudget, limit, $"the job's {budget} budget ended while it ran")];
        }

        if (run.KillReason == KillReason.Cancelled && state.Declared.Component.RetrySafe) return [];
        return StageJudge.ProcessProblem(run) is { } problem ? [Failed(problem)]
            : DossierRule.Judge(state.Declared, run, evidence) is { } wrong ? [Failed(wrong)]
            : state.Declared.Segments.Any(s => s.Holdout) ? [Judged(state.Declared, evidence)]
            : [];
    }

    private static DossierJudged Judged(DossierDeclared run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var summary = Blob.Of(DossierRule.OpenSummary(run.Segments, evidence[$"{StageProcess.OutputFolder}/{DossierLayout.Summary}"]));
        return new DossierJudged(new DossierFile(DossierLayout.Summary, summary.Sha256, summary.Bytes.Length)) { Attached = [summary] };
    }

    /// <summary>The copies must be what the run left when it was judged.</summary>
    private static IReadOnlyList<Event> OnCollected(DossierState state, FilesOutcome collected)
    {
        var judged = state.Passed!.Listed;
        if (collected.Files.FirstOrDefault(f => f.Sha256 is null) is { } bad)
        {
            return [Failed(new StageProblem(StageRefusals.DossierFile, $"{bad.Name} {bad.Problem}"))];
        }

        if (!collected.Complete || collected.Files.Length != judged.Length)
        {
            return [Failed(new StageProblem(StageRefusals.DossierChanged, "the output changed after it was judged"))];
        }

        var files = ImmutableArray.CreateBuilder<DossierFile>();
        foreach (var file in collected.Files)
        {
            var digest = file.Sha256!.Value;
            if (!judged.Any(j => j.Name == file.Name && j.Sha256 == digest))
            {
                return [Failed(new StageProblem(StageRefusals.DossierChanged, $"{file.Name} changed after it was judged"))];
            }

            files.Add(new DossierFile(file.Name, digest, file.SizeBytes));
        }

        return [new DossierFinished(files.ToImmutable())];
    }

    private static DossierFailed Interrupted(string message) => new(DossierEnd.Failed, StageRefusals.Interrupted.Code, message);

    private static DossierFailed Failed(StageProblem problem) => new(DossierEnd.Failed, problem.Kind.Code, problem.ToRefusal().Text);
}
