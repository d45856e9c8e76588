namespace Assay.Lanes.Jobs;

/// <summary>The stages that a component stands behind.</summary>
internal static class JobStages
{
    public const string Intent = "intent";
    public const string StrategySpec = "strategy_spec";
    public const string Compile = "compile";
    public const string TracePreview = "trace_preview";
    public const string Run = "run";

    /// <summary>Judges the hold-outs alone, before the gates: <c>gates.holdout_command</c>.</summary>
    public const string Holdout = "holdout";

    public const string Gates = "gates";
    public const string Registry = "registry";
    public const string Report = "report";
    public const string Improvements = "improvements";

    private static readonly StageKind[] Table =
    [
        new(Intent, JobDocumentNames.Blueprint, "blueprint_v1", "outputs/agents"),
        new(StrategySpec, JobDocumentNames.StrategySpec, "strategy_spec_v1", "outputs/agents"),
        new(Compile, JobDocumentNames.Runspec, "runspec_v1", "outputs"),
        new(TracePreview, JobDocumentNames.TracePreview, "trace_preview_v1", "outputs/trace_preview"),
        new(Run, JobDocumentNames.Metrics, "metrics_v1", ""),
        new(Holdout, JobDocumentNames.HoldoutResults, HoldoutRule.Contract, "outputs"),
        new(Gates, JobDocumentNames.GateResults, "gate_results_v1", "outputs"),
        new(Registry, JobDocumentNames.RegistryCard, "registry_card_v1", "outputs"),
        new(Report, JobDocumentNames.Report, "report_v1", "outputs/agents"),
        new(Improvements, JobDocumentNames.Improvements, "improvements_v1", "outputs/agents"),
    ];

    /// <summary>In the order of the idea workflow.</summary>
    public static IReadOnlyList<StageKind> All => Table;

    /// <exception cref="InvalidOperationException">There is no such stage.</exception>
    public static StageKind Of(string stage) => Array.Find(Table, s => s.Stage == stage) ?? throw new InvalidOperationException($"there is no stage {stage}");

    /// <summary>The stage that makes a document.</summary>
    /// <exception cref="InvalidOperationException">No stage makes it.</exception>
    public static StageKind Making(string document) => Array.Find(Table, s => s.Document == document) ?? throw new InvalidOperationException($"no stage makes {document}");
}

/// <summary>The checkpoints at which a person decides; each has the name of the document that lies there.</summary>
internal static class JobCheckpoints
{
    public const string Blueprint = JobDocumentNames.Blueprint;
    public const string StrategySpec = JobDocumentNames.StrategySpec;
    public const string Runspec = JobDocumentNames.Runspec;
    public const string TracePreview = JobDocumentNames.TracePreview;
    public const string Improvements = JobDocumentNames.Improvements;
}

/// <summary>A stage, the document it makes, that document's contract, and the folder it is written to.</summary>
internal sealed record StageKind(string Stage, string Document, string Contract, string Folder)
{
    /// <summary>The file that the component writes into its output folder.</summary>
    public string OutputFile => $"{Document}.json";
}

/// <summary>The names of a job's documents.</summary>
internal static class JobDocumentNames
{
    public const string Spec = "job_spec";
    public const string Idea = "idea_spec";
    public const string Blueprint = "blueprint";
    public const string Policies = "policies";
    public const string StrategySpec = "strategy_spec";
    public const string Runspec = "runspec";
    public const string TracePreview = "trace_preview";
    public const string Metrics = "metrics";
    public const string HoldoutResults = "holdout_results";
    public const string GateResults = "gate_results";
    public const string RegistryCard = "registry_card";
    public const string Report = "report";
    public const string Improvements = "improvements";
    public const string Manifest = "dossier_manifest";
}

/// <summary>One thing after the other, as a job's workflow lists them.</summary>
internal abstract record JobStep
{
    private JobStep()
    {
    }

    /// <summary>A component runs.</summary>
    public sealed record Stage(string Name) : JobStep;

    /// <summary>A person decides on a document, which has the checkpoint's name.</summary>
    public sealed record Checkpoint(string Name) : JobStep
    {
        public string Document => Name;
    }

    /// <summary>Approved proposals become jobs.</summary>
    public sealed record Spawn : JobStep;
}

/// <summary>The two workflows (lane document: Jobs).</summary>
internal static class JobWorkflow
{
    /// <summary>What a job is at, as lists name it, when approved proposals become jobs.</summary>
    public const string Spawn = "spawn";

    private static readonly JobStep[] Blueprint =
    [
        new JobStep.Stage(JobStages.Compile), new JobStep.Checkpoint(JobCheckpoints.Runspec),
        new JobStep.Stage(JobStages.Run), new JobStep.Stage(JobStages.Gates), new JobStep.Stage(JobStages.Registry),
    ];

    private static readonly JobStep[] Idea =
    [
        new JobStep.Stage(JobStages.Intent), new JobStep.Checkpoint(JobCheckpoints.Blueprint),
        new JobStep.Stage(JobStages.StrategySpec), new JobStep.Checkpoint(JobCheckpoints.StrategySpec),
        new JobStep.Stage(JobStages.Compile), new JobStep.Checkpoint(JobCheckpoints.Runspec),
        new JobStep.Stage(JobStages.TracePreview), new JobStep.Checkpoint(JobCheckpoints.TracePreview),
        new JobStep.Stage(JobStages.Run), new JobStep.Stage(JobStages.Gates), new JobStep.Stage(JobStages.Registry), new JobStep.Stage(JobStages.Report),
    ];

    private static readonly JobStep[] Improving =
    [
        new JobStep.Stage(JobStages.Improvements), new JobStep.Checkpoint(JobCheckpoints.Improvements),
        new JobStep.Spawn(),
    ];

    private static readonly JobStep[] IdeaImproving = [.. Idea, .. Improving];

    /// <summary>The checkpoints' names.</summary>
    public static IReadOnlyList<string> Checkpoints { get; } = [.. IdeaImproving.OfType<JobStep.Checkpoint>().Select(c => c.Name)];

    /// <summary>What a job goes through. Improvements are proposed only where a component is bound for them.</summary>
    public static IReadOnlyList<JobStep> Of(JobDeclaration job) => job.Kind == JobKind.Blueprint
        ? Blueprint
        : job.Components.ContainsKey(JobStages.Improvements) ? IdeaImproving : Idea;

    /// <summary>The stages without which a kind of job cannot reach its end.</summary>
    public static IEnumerable<string> Required(JobKind kind) => kind == JobKind.Blueprint
        ? [JobStages.Compile, JobStages.Run, JobStages.Gates]
        : Idea.OfType<JobStep.Stage>().Select(s => s.Name).Where(s => s != JobStages.Registry);
}
