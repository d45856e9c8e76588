using Assay.Kernel.Lanes;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay.Inputs;

/// <summary>
/// What is said of an id that names nothing: one code and one sentence for each kind of thing, on the command line, in the API and on
/// pages, with what shows those there are.
/// </summary>
internal static class Absent
{
    public static Refusal Workspace() => new(
        RequestRefusals.NoWorkspace, "there is no workspace here: run something first, or name another with --workspace");

    public static Refusal Epoch(string id) => Of(RequestRefusals.UnknownEpoch, $"there is no epoch {id}", "assay epoch list");

    public static Refusal Job(string id) => Of(JobRefusals.NoJob, $"there is no job {id}", "assay job list");

    /// <summary>A document that a job does not have.</summary>
    public static Refusal Document(string jobId, string name, IEnumerable<string> known) => new(
        RequestRefusals.UnknownDocument, $"the job {jobId} has no such document {name}: it has {string.Join(", ", known)}");

    /// <summary>A run of a job.</summary>
    public static Refusal Dossier(string id) => Of(RequestRefusals.UnknownDossier, $"there is no run {id} of a job", "assay job list");

    /// <summary>A trial, by its number or its card.</summary>
    public static Refusal Trial(string id) => Of(JobRefusals.NoTrial, $"the registry has no trial or card {id}", "assay registry list");

    /// <summary>A run of tasks.</summary>
    public static Refusal Run(string id) => Of(TaskRefusals.NoRun, $"there is no run {id}", "assay run list");

    /// <summary>The run that was worked on last, where none was.</summary>
    public static Refusal AnyRun() => new(TaskRefusals.NoRun, "there is no run yet: assay execute --run-id ID begins one");

    public static Refusal Task(string runId, string id) =>
        Of(TaskRefusals.NoTask, $"the run {runId} has no task {id}", $"assay task list --run-id {runId}");

    public static Refusal Patch(string id) => Of(TaskRefusals.NoPatch, $"there is no patch {id}", "assay patch list");

    public static Refusal Adapter(string id) => new(
        TaskRefusals.UnknownAdapter,
        $"there is no adapter {id}: assay adapter list shows those that runs have named, and --adapters names a file that declares it");

    public static Refusal Stream(string id) =>
        Of(RequestRefusals.UnknownStream, $"there is no stream {id}, and nothing that has this id", "assay events");

    public static Refusal Token(string id) => Of(RequestRefusals.UnknownToken, $"there is no token {id}", "assay token list");

    private static Refusal Of(RefusalKind kind, string what, string list) => new(kind, $"{what}: {list} shows those there are");
}
