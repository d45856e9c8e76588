namespace Assay.Lanes.Jobs;

/// <summary>Where the files of jobs, runs and the registry lie. Ids match patterns that no path can escape by.</summary>
internal static class JobPaths
{
    public const string SpecFile = "job_spec.json";
    public const string EventsFile = "events.jsonl";
    public const string PolicyRefFile = "outputs/policy_bundle_ref.json";
    public const string OutputsFile = "outputs/outputs.json";

    /// <summary>Relative to the job root.</summary>
    public const string TrialLog = "registry/trial_log.jsonl";

    /// <summary>A job's folder, relative to its root: the workspace, or the job root that the user chose.</summary>
    public static string Folder(JobDeclaration job) => job.JobRoot is null ? $"jobs/{job.JobId}" : job.JobId;

    public static string Input(JobKind kind, int version = 1) => Numbered(kind == JobKind.Blueprint ? "inputs/blueprint" : "inputs/idea_spec", version, ".json");

    /// <summary>
    /// Where a stage's document is written, relative to the job's folder. Later versions get names of their own (ruling 16).
    /// </summary>
    public static string Document(StageKind stage, int version) => Numbered($"{stage.Folder}/{stage.Document}", version, ".json");

    /// <summary>Where a stage's process works, relative to the job's root.</summary>
    public static string RunRoot(JobDeclaration job, string stage) => $"{Folder(job)}/{(IsSealed(stage) ? Sealed : "stages")}/{stage}";

    public static string Log(JobDeclaration job, string stage, string stream) =>
        $"{Folder(job)}/{(IsSealed(stage) ? Sealed : "logs")}/{stage}.{stream}.log";

    public static string Dossier(string runId) => $"dossiers/{runId}";

    public static string Manifest(string runId) => $"dossiers/{runId}/dossier_manifest.json";

    public static string DossierRunRoot(string runId) => $"run_roots/{runId}/run";

    public static string DossierLog(string runId, string stream) => $"run_roots/{runId}/{stream}.log";

    public static string Card(string cardId) => $"registry/cards/{cardId}.json";

    /// <summary>The folder of a job for what no stage, page or API shows.</summary>
    private const string Sealed = "sealed";

    private static bool IsSealed(string stage) => stage == JobStages.Holdout;

    private static string Numbered(string stem, int version, string extension) => version == 1 ? stem + extension : $"{stem}.v{version}{extension}";
}
