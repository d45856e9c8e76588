using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;
using Assay.Ledger;

namespace Assay.Inputs;

/// <summary>What is said of requests that can be refused on several ways in, so that each says it alike.</summary>
internal static class Said
{
    /// <summary>As the jobs lane says it of what a stage proposes.</summary>
    public const string PolicyOverride = "extensions are metadata and cannot set what a policy sets";

    private static readonly Dictionary<string, RefusalClass> Classes =
        new[] { KernelRefusals.All, EpochRefusals.All, JobRefusals.All, TaskRefusals.All, RequestRefusals.All }
            .SelectMany(all => all).ToDictionary(k => k.Code, k => k.Class, StringComparer.Ordinal);

    public static Refusal NoRejectionReason { get; } = new(RequestRefusals.Reason, "a rejection needs a reason");

    public static Refusal NoFailureReason { get; } = new(RequestRefusals.Reason, "say why the task cannot be done");

    /// <summary>Somebody else is at work on what was asked for.</summary>
    /// <param name="doing">What is done with it: "run", "executed".</param>
    /// <param name="by">The engine that does.</param>
    public static Refusal Busy(string doing, WorkerSession by) =>
        new(KernelRefusals.Busy, $"is being {doing} by process {by.ProcessId} on {by.Host}: wait for it, or end it");

    /// <summary>A decision that does not name what was seen.</summary>
    public static Refusal NoHash(string jobId) => new(
        RequestRefusals.HashRequired,
        $"the decision does not name the document that was seen: give its SHA-256, which assay job show {jobId} prints");

    /// <summary>
    /// What problems with a document mean for the request that brought it: what the rule means that was broken first, where that is a
    /// refusal of its own, else bad input.
    /// </summary>
    public static RefusalClass ClassOf(IReadOnlyList<InputProblem> problems) =>
        Classes.GetValueOrDefault(problems[0].Rule, RefusalClass.BadInput);

    /// <summary>One problem with a document, as the refusal of the request that brought it.</summary>
    public static Refusal Of(InputProblem problem) => Refusal.Of(problem, ClassOf([problem]));
}
