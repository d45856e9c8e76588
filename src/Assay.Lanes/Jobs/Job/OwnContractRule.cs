using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// Contracts of the user's own, for documents that Assay passes on and does not read: a stage is given the schema among its inputs, and it
/// is what it was when the job was submitted, or nothing of the stage counts.
/// </summary>
internal static class OwnContractRule
{
    /// <summary>The schema below a stage's run root.</summary>
    public const string File = "inputs/contract.schema.json";

    /// <summary>No contract is larger.</summary>
    public const long MaxBytes = 256 * 1024;

    private static readonly string[] Stages = [JobStages.StrategySpec, JobStages.Compile, JobStages.TracePreview, JobStages.Report];

    /// <summary>Whether a stage's document may have a contract of its user's own.</summary>
    public static bool IsFree(string stage) => Stages.Contains(stage);

    /// <summary>The texts of the contracts of components that were just read, for the ledger to keep.</summary>
    public static IEnumerable<Blob> Texts(IEnumerable<ComponentBinding> components) =>
        components.Select(c => c.Contract?.Text).OfType<Blob>();

    /// <summary>A retry with the contracts of its components.</summary>
    public static JobRetried Retried(RetryJob retry) =>
        new(retry.By, retry.Reason, retry.Components) { Attached = [.. Texts(retry.Components?.Values ?? [])] };

    /// <summary>What a stage's process is given of a contract.</summary>
    public static IEnumerable<StagedBlob> Staged(OwnContract? own) => own is null ? [] : [new StagedBlob(File, own.Sha256)];

    /// <summary>What is looked at behind a stage of it.</summary>
    public static IEnumerable<CollectedName> Collected(OwnContract? own) =>
        own is null ? [] : [new CollectedName(File, MaxBytes, Content: true)];

    /// <summary>The contract that a stage's document has to satisfy, as its process had it; or why it cannot be used.</summary>
    public static (Contract? Contract, StageProblem? Problem) Of(
        StageKind kind, OwnContract? own, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence) =>
        Of(kind, own, evidence.TryGetValue(File, out var text) ? (ReadOnlyMemory<byte>?)text : null);

    /// <summary>The same of a text that somebody brought.</summary>
    public static (Contract? Contract, StageProblem? Problem) Of(StageKind kind, OwnContract? own, ReadOnlyMemory<byte>? text)
    {
        if (own is null) return (ContractCatalog.Of(kind.Contract), null);
        if (text is not { } bytes || Digest.Of(bytes.Span) != own.Sha256)
        {
            return (null, new StageProblem(StageRefusals.Changed, $"the contract {own.Name}: not what it was when the job was submitted"));
        }

        var contract = Contract.Read(own.Name, bytes, own.Name);
        return contract.IsValid ? (contract.Value, null) : (null, new StageProblem(JobRefusals.Contract, contract.Problems[0].ToString()));
    }

    /// <summary>The contract of the user's own that the document at a checkpoint has to satisfy; null: it is Assay's.</summary>
    public static OwnContract? OfCheckpoint(JobState state, string step) =>
        JobStages.All.FirstOrDefault(s => s.Document == step) is { } kind
        ? state.Job.Components.GetValueOrDefault(kind.Stage)?.Contract
        : null;

    /// <summary>
    /// What is wrong with the segments of a run specification, which Assay reads whatever its contract is; null when there are none, or
    /// they are as <c>runspec_v1</c> has them.
    /// </summary>
    public static StageProblem? SegmentsProblem(DocumentRef made, JsonElement runspec)
    {
        var contract = JobStages.Of(JobStages.Compile).Contract;
        if (made.Contract == contract || !runspec.TryGetProperty("segments", out var segments)) return null;
        var read = new JsonObject
        {
            ["schema_version"] = contract,
            ["strategy"] = new JsonObject(),
            ["segments"] = JsonNode.Parse(segments.GetRawText()),
        };
        using var document = JsonDocument.Parse(JsonLine.Canonical(read));
        return ContractCatalog.Validate(contract, document.RootElement) is [var error, ..]
            ? new StageProblem(JobRefusals.Contract, $"segments are not as {contract} has them: {error.Message}", error.InstancePointer)
            : null;
    }
}
