using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>What a job asks the engine to do.</summary>
internal static class JobEffects
{
    public const string RegistryCard = StagePrefix + JobStages.Registry;

    /// <summary>The entry into the registry's log.</summary>
    public const string Register = "register";

    private const string StagePrefix = "stage/";
    private const string SpawnPrefix = "spawn/";
    private const string RerunPrefix = "rerun/";

    /// <summary>The documents that each stage is given.</summary>
    private static readonly Dictionary<string, string[]> Given = new(StringComparer.Ordinal)
    {
        [JobStages.Intent] = [JobDocumentNames.Idea, JobDocumentNames.Policies],
        [JobStages.StrategySpec] = [JobDocumentNames.Idea, JobDocumentNames.Blueprint, JobDocumentNames.Policies],
        [JobStages.Compile] = [JobDocumentNames.Blueprint, JobDocumentNames.StrategySpec, JobDocumentNames.Policies],
        [JobStages.TracePreview] = [JobDocumentNames.Runspec, JobDocumentNames.Policies],
        [JobStages.Holdout] = [JobDocumentNames.Runspec, JobDocumentNames.Policies],
        [JobStages.Gates] = [JobDocumentNames.Runspec, JobDocumentNames.Policies],
        [JobStages.Registry] = [JobDocumentNames.Runspec, JobDocumentNames.HoldoutResults, JobDocumentNames.GateResults, JobDocumentNames.Policies],
        [JobStages.Report] = [JobDocumentNames.Idea, JobDocumentNames.Blueprint, JobDocumentNames.Runspec, JobDocumentNames.HoldoutResults, JobDocumentNames.GateResults, JobDocumentNames.Policies],
        [JobStages.Improvements] = [JobDocumentNames.Idea, JobDocumentNames.Blueprint, JobDocumentNames.Runspec, JobDocumentNames.HoldoutResults, JobDocumentNames.GateResults, JobDocumentNames.Report, JobDocumentNames.Policies],
    };

    /// <summary>The stage that an effect belongs to; null for a child.</summary>
    public static string? StageOf(string effectId) => effectId switch
    {
        Register => JobStages.Registry,
        _ when effectId.StartsWith(StagePrefix, StringComparison.Ordinal) => effectId[StagePrefix.Length..],
        _ => null,
    };

    /// <summary>The child that an effect submits; null for a stage.</summary>
    public static string? ChildOf(string effectId) => effectId.StartsWith(SpawnPrefix, StringComparison.Ordinal) ? effectId[SpawnPrefix.Length..] : null;

    /// <summary>The job that an effect submits because this one is run again; null for any other.</summary>
    public static string? RerunOf(string effectId) =>
        effectId.StartsWith(RerunPrefix, StringComparison.Ordinal) ? effectId[RerunPrefix.Length..] : null;

    /// <summary>The effect of a stage that is to start, or has started, at a time.</summary>
    public static Effect Stage(JobState state, string stage, DateTimeOffset startsAt) => stage switch
    {
        JobStages.Run => Run(state),
        JobStages.Gates when HoldoutRule.IsDue(state) => Process(state, JobStages.Holdout, startsAt),
        JobStages.Registry when !NeedsCard(state) => Registration(state),
        _ => Process(state, stage, startsAt),
    };

    /// <summary>The effect with an id.</summary>
    public static Effect Find(JobState state, string effectId)
    {
        if (effectId == Register) return Registration(state);
        if (RerunOf(effectId) is { } again) return Rerun(state.ToRerun.Single(r => r.Job.JobId == again));
        var startedAt = state.Stages.Last(s => s.EffectId == effectId).StartedAt;
        return ChildOf(effectId) is { } child
            ? Spawn(state, state.ToSpawn.Single(c => c.JobId == child))
            : StageOf(effectId) is JobStages.Run ? Run(state) : Process(state, StageOf(effectId)!, startedAt);
    }

    /// <summary>Submits a child.</summary>
    public static ChildStream Spawn(JobState state, ChildJob child) => new(SpawnPrefix + child.JobId)
    {
        Stream = JobLane.StreamOf(child.JobId),
        Command = new SubmitJob(new BlueprintSubmitted(Child(state.Job, child), new Actor($"job {state.Job.JobId}", "spawn"))),
    };

    /// <summary>Submits the job that this one becomes when it is run again.</summary>
    public static ChildStream Rerun(JobRerunRequested rerun) => new(RerunPrefix + rerun.Job.JobId)
    {
        Stream = JobLane.StreamOf(rerun.Job.JobId),
        Command = new SubmitJob(rerun.Job.Kind == JobKind.Blueprint
            ? new BlueprintSubmitted(rerun.Job, rerun.By)
            : new IdeaSubmitted(rerun.Job, rerun.By)),
    };

    /// <summary>A card is made only for a run that passed its gates, and once.</summary>
    private static bool NeedsCard(JobState state) =>
        state is { Gates.Passed: true, Card: null } && state.Job.Components.ContainsKey(JobStages.Registry);

    private static RunProcess Process(JobState state, string stage, DateTimeOffset startsAt)
    {
        var job = state.Job;
        var dossier = Dossier(state, stage);
        var summary = OpenSummary(state, stage);
        var names = Given[stage].Select(state.Document).OfType<DocumentRef>();
        var documents = names.ToImmutableSortedDictionary(d => d.Name, d => new StageDocument($"inputs/{d.Name}.json", d.Sha256, d.Contract), StringComparer.Ordinal);
        if (dossier.Length > 0)
        {
            documents = documents.Add(JobDocumentNames.Manifest, new StageDocument($"inputs/{JobDocumentNames.Manifest}.json", Manifest(state, stage), "dossier_manifest_v1"));
        }

        return new StageProcess
        {
            EffectId = StagePrefix + stage,
            Component = job.Components[stage],
            Input = new StageInput
            {
                Stage = stage,
                JobId = job.JobId,
                RunId = state.Run?.RunId,
                SnapshotId = job.SnapshotId,
                PolicyBundleId = job.Bundle.Id,
                Documents = documents,
                Dossier = dossier.Length == 0 ? null : [.. InDossier(dossier, summary)],
            },
            Root = job.JobRoot,
            RunRoot = JobPaths.RunRoot(job, stage),
            StdoutFile = JobPaths.Log(job, stage, "stdout"),
            StderrFile = JobPaths.Log(job, stage, "stderr"),
            JobFolder = JobPaths.Folder(job),
            Dossier = dossier,
            DossierDocument = summary,
            IsSealed = stage == JobStages.Holdout,
            Collect =
            [
                StageProcess.Collected(JobStages.Of(stage).OutputFile),
                .. OwnContractRule.Collected(job.Components[stage].Contract),
            ],
            NotAfter = state.Deadline(startsAt),
            MaxCost = state.RemainingCost,
        }.ToEffect();
    }

    private static IEnumerable<StageDocument> InDossier(ImmutableArray<StagedFile> files, DossierFile? summary)
    {
        var staged = files.Select(f => new StageDocument($"inputs/{f.Name}", f.Sha256));
        return summary is null ? staged : staged.Append(new StageDocument($"{StageProcess.DossierFolder}/{summary.Path}", summary.Sha256));
    }

    private static Digest Manifest(JobState state, string stage) =>
        !HoldoutRule.Sees(state.Job, stage) && state.Run!.Open is { } open ? open.Manifest : state.Run!.ManifestSha256;

    /// <summary>Who judges the hold-outs sees the whole dossier; the gates and what comes after them see nothing of a hold-out.</summary>
    private static ImmutableArray<StagedFile> Dossier(JobState state, string stage)
    {
        if (state.Run is not { } run || !SeesDossier(stage)) return [];
        var hidden = HoldoutRule.Sees(state.Job, stage) ? [] : DossierLayout.OfHoldouts(state.Segments);
        return
        [
            .. run.Files.Where(f => !hidden.Any(h => f.Path.StartsWith(h, StringComparison.Ordinal)))
                .Select(f => new StagedFile($"{{workspace}}/{JobPaths.Dossier(run.RunId)}/{f.Path}", $"dossier/{f.Path}", f.Sha256) { SizeBytes = f.SizeBytes }),
        ];
    }

    /// <summary>The summary without hold-outs, in the place of the whole one.</summary>
    private static DossierFile? OpenSummary(JobState state, string stage) =>
        SeesDossier(stage) && !HoldoutRule.Sees(state.Job, stage) ? state.Run?.Open?.Summary : null;

    private static bool SeesDossier(string stage) =>
        stage is JobStages.Holdout or JobStages.Gates or JobStages.Registry or JobStages.Report or JobStages.Improvements;

    /// <summary>The run that a job with a run specification asks for, or has asked for.</summary>
    public static string RunId(JobState state) => JobIdentity.Short(RunIdentity(state));

    private static Digest RunIdentity(JobState state) => JobIdentity.Run(
        state.Document(JobDocumentNames.Runspec)!.Sha256, state.Job.SnapshotId, state.Job.Components[JobStages.Run].Sha256);

    private static ChildStream Run(JobState state)
    {
        var job = state.Job;
        var identity = RunIdentity(state);
        var declared = new DossierDeclared
        {
            RunId = JobIdentity.Short(identity),
            RunSha256 = identity,
            JobId = job.JobId,
            Runspec = state.Document(JobDocumentNames.Runspec)!,
            SnapshotId = job.SnapshotId,
            Component = job.Components[JobStages.Run],
            Segments = state.Segments,
            HoldoutMetrics = job.HoldoutMetrics,
            MaxWallClockMs = state.RemainingMs,
            MaxCost = state.RemainingCost,
        };
        return new ChildStream(StagePrefix + JobStages.Run)
        {
            Stream = DossierLane.StreamOf(declared.RunId),
            Command = new DeclareDossier(declared),
            UntilEnd = true,
        };
    }

    private static ChildStream Registration(JobState state)
    {
        var job = state.Job;
        var gates = state.Gates!;
        var trial = new TrialRequest
        {
            JobId = job.JobId,
            RunId = state.Run!.RunId,
            Title = job.Title,
            SnapshotId = job.SnapshotId,
            PolicyBundleId = job.Bundle.Id,
            Passed = gates.Passed,
            GatesPassed = gates.GatesPassed,
            GatesFailed = gates.GatesFailed,
            GateResultsSha256 = gates.Document.Sha256,
            PolicyBundleSha256 = job.Bundle.Sha256,
            ManifestSha256 = state.Run.ToldManifestSha256,
            CardSha256 = state.Card?.Sha256,
            CardBytes = state.Card?.SizeBytes ?? 0,
        };
        return new ChildStream(Register)
        {
            Stream = RegistryLane.Stream,
            Command = new LogTrial(trial),
        };
    }

    private static JobDeclaration Child(JobDeclaration parent, ChildJob child) => parent with
    {
        JobId = child.JobId,
        Kind = JobKind.Blueprint,
        SpecSha256 = child.SpecSha256,
        Spec = child.Spec,
        Input = child.Blueprint,
        Title = child.Title,
        Lineage = new JobLineage(parent.Lineage.RootJobId ?? parent.JobId, parent.JobId, parent.Lineage.Generation + 1),
    };
}
