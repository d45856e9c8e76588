using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Engine;
using Assay.Inputs;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;

namespace Assay.Jobs;

/// <summary>Makes a submission of a blueprint or an idea: everything it refers to is read once and checked before anything is written.</summary>
internal static class JobLoader
{
    public const string IdeaVersion = "idea_spec_v1";

    /// <summary>A bundle as it was read.</summary>
    public sealed record Bundle(PolicyBundleRef Reference, JsonElement Content);

    /// <summary>Reads and checks a policy bundle.</summary>
    public static Checked<Bundle> ReadBundle(string path)
    {
        var (document, sha256) = DocumentFile.ReadWithDigest(path, PolicyRule.BundleVersion);
        if (!document.IsValid) return Checked<Bundle>.Refused(document.Problems);
        var problems = PolicyRule.Problems(document.Value).ToList();
        if (problems.Count > 0) return Checked<Bundle>.Refused(problems);
        return new Bundle(new PolicyBundleRef(Path.GetFullPath(path), document.Value.Root.GetProperty("policy_bundle_id").GetString()!, sha256), document.Value.Root);
    }

    /// <summary>The submission of a blueprint, or everything that is wrong with it.</summary>
    public static Checked<JobSubmitted> Blueprint(InputDocument document, string? snapshotId, Bundle bundle, JobOptions options, Actor by)
    {
        var checkedDocument = ContractCatalog.Check(document, "blueprint_v1");
        if (!checkedDocument.IsValid) return Checked<JobSubmitted>.Refused(checkedDocument.Problems);
        if (Refusal(document, "", document.Root, bundle) is { } problem) return problem;
        if (snapshotId is null || !StreamName.IsId(snapshotId))
        {
            return document.Problem("", "snapshot_id", "no valid snapshot is named: --snapshot ID, or snapshot_id in the query");
        }

        var spec = new JsonObject
        {
            ["schema_version"] = "job_spec_v1",
            ["snapshot_id"] = snapshotId,
            ["policy_bundle_path"] = bundle.Reference.Path,
            ["policy_bundle_id"] = bundle.Reference.Id,
            ["blueprint"] = JsonNode.Parse(document.Root.GetRawText()),
        };
        return Declare(JobKind.Blueprint, spec, CanonicalJson.Serialize(document.Root), "blueprint_v1", bundle, options)
            is var declared && declared.IsValid
                ? new BlueprintSubmitted(declared.Value.Job, by) { Attached = declared.Value.Documents }
                : Checked<JobSubmitted>.Refused(declared.Problems);
    }

    /// <summary>The submission of an idea, with snapshot and policy filled in.</summary>
    public static Checked<JobSubmitted> Idea(InputDocument document, string? snapshotId, Bundle bundle, JobOptions options, Actor by)
    {
        var checkedDocument = ContractCatalog.Check(document, IdeaVersion);
        if (!checkedDocument.IsValid) return Checked<JobSubmitted>.Refused(checkedDocument.Problems);
        if (Refusal(document, "", document.Root, bundle) is { } problem) return problem;
        var spec = JsonNode.Parse(document.Root.GetRawText())!.AsObject();
        if (Fill(document, spec, "snapshot_id", snapshotId) is { } snapshot) return snapshot;
        if (Fill(document, spec, "policy_bundle_id", bundle.Reference.Id) is { } other) return other;
        if (!spec.ContainsKey("snapshot_id")) return document.Problem("", "snapshot_id", "no snapshot is named: in the idea, with --snapshot, or in the query");
        spec["policy_bundle_path"] = bundle.Reference.Path;
        return Declare(JobKind.Idea, spec, null, IdeaVersion, bundle, options)
            is var declared && declared.IsValid
                ? new IdeaSubmitted(declared.Value.Job, by) { Attached = declared.Value.Documents }
                : Checked<JobSubmitted>.Refused(declared.Problems);
    }

    /// <summary>The components as they are now, for a retry or a rerun.</summary>
    public static Checked<ImmutableSortedDictionary<string, ComponentBinding>> Components(JobKind kind, JobOptions options) =>
        ComponentsLoader.Load(options.ComponentsPath, JobWorkflow.Required(kind), HostCapabilities.Detect());

    /// <summary>Why the extensions of a document are refused; null when they are metadata.</summary>
    public static InputProblem? Refusal(InputDocument document, string pointer, JsonElement part, Bundle bundle) =>
        PolicyRule.Override(part, PolicyRule.Names(bundle.Content)) is { } at
            ? document.Problem(
                pointer + at, JobRefusals.PolicyOverride.Code, Said.PolicyOverride)
            : null;

    private static InputProblem? Fill(InputDocument document, JsonObject spec, string key, string? value)
    {
        var named = (string?)spec[key];
        if (named is not null && value is not null && named != value)
        {
            return document.Problem($"/{key}", key, $"names {named}, but {value} was given beside it");
        }

        if (named is null && value is not null) spec[key] = value;
        return null;
    }

    private static Checked<(JobDeclaration Job, IReadOnlyList<Blob> Documents)> Declare(
        JobKind kind, JsonObject spec, byte[]? input, string inputContract, Bundle bundle, JobOptions options)
    {
        var components = Components(kind, options);
        if (!components.IsValid) return Checked<(JobDeclaration, IReadOnlyList<Blob>)>.Refused(components.Problems);
        var specBlob = Blob.Of(Encoding.UTF8.GetBytes(CanonicalText(spec)));
        var inputBlob = input is null ? specBlob : Blob.Of(input);
        var policies = Blob.Of(CanonicalJson.Serialize(bundle.Content));
        var identity = JobIdentity.Job(spec, bundle.Reference.Sha256);
        var title = kind == JobKind.Blueprint ? (string)spec["blueprint"]!["title"]! : (string)spec["title"]!;
        var job = new JobDeclaration
        {
            JobId = JobIdentity.Short(identity),
            Kind = kind,
            SpecSha256 = identity,
            Spec = new DocumentRef(JobDocumentNames.Spec, 1, JobPaths.SpecFile, specBlob.Sha256, specBlob.Bytes.Length, kind == JobKind.Blueprint ? "job_spec_v1" : inputContract),
            Input = new DocumentRef(
                kind == JobKind.Blueprint ? JobDocumentNames.Blueprint : JobDocumentNames.Idea, 1, JobPaths.Input(kind), inputBlob.Sha256, inputBlob.Bytes.Length, inputContract),
            Title = title,
            SnapshotId = (string)spec["snapshot_id"]!,
            Bundle = bundle.Reference,
            Policies = new DocumentRef(JobDocumentNames.Policies, 1, "", policies.Sha256, policies.Bytes.Length, PolicyRule.BundleVersion),
            Budget = PolicyRule.Budget(bundle.Content),
            PolicyNames = PolicyRule.Names(bundle.Content),
            HoldoutMetrics = PolicyRule.HoldoutMetrics(bundle.Content),
            HoldoutGates = PolicyRule.HoldoutGates(bundle.Content),
            Components = components.Value,
            Lineage = JobLineage.Root,
            JobRoot = options.JobRoot is { } root ? Path.GetFullPath(root).TrimEnd('/') : null,
        };
        return (job, [specBlob, inputBlob, policies, .. OwnContractRule.Texts(components.Value.Values)]);
    }

    private static string CanonicalText(JsonObject spec)
    {
        using var document = JsonDocument.Parse(spec.ToJsonString());
        return Encoding.UTF8.GetString(CanonicalJson.Serialize(document.RootElement));
    }
}
