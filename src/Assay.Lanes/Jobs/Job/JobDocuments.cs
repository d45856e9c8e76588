using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>What a job starts from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobKind>))]
public enum JobKind
{
    [JsonStringEnumMemberName("blueprint")]
    Blueprint,

    [JsonStringEnumMemberName("idea")]
    Idea,
}

/// <summary>A version of one of a job's documents; the ledger keeps its bytes.</summary>
/// <param name="Name">The document's name, such as <c>runspec</c>.</param>
/// <param name="Version">1 for the first, counted up by each replacement.</param>
/// <param name="Path">Where it is written, relative to the job's folder.</param>
/// <param name="Sha256">The digest of its exact bytes, to which approvals bind.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Contract">The contract it satisfies.</param>
internal sealed record DocumentRef(string Name, int Version, string Path, Digest Sha256, long SizeBytes, string Contract);

/// <summary>The policy bundle as it was read, once, at submission.</summary>
/// <param name="Path">Where the person found it; not part of the job's identity.</param>
/// <param name="Id">Its policy_bundle_id.</param>
/// <param name="Sha256">The digest of its bytes.</param>
internal sealed record PolicyBundleRef(string Path, string Id, Digest Sha256);

/// <summary>Limits from the budget policy; null: none.</summary>
internal sealed record JobBudget
{
    public long? MaxSpawnPerJob { get; init; }

    public long? MaxTotalIterations { get; init; }

    public long? MaxProposalsPerJob { get; init; }

    [JsonPropertyName("max_cost_micro_usd")]
    public Usd? MaxCost { get; init; }

    public long? MaxWallClockMs { get; init; }
}

/// <summary>Where a job stands in its family (lane document: Jobs, Policies, budgets, lineage).</summary>
/// <param name="RootJobId">The first of the family; null for a root, which is its own.</param>
/// <param name="ParentJobId">The job that spawned it.</param>
/// <param name="Generation">0 for a root.</param>
internal sealed record JobLineage(string? RootJobId, string? ParentJobId, int Generation)
{
    public static readonly JobLineage Root = new(null, null, 0);

    /// <summary>Set where it is its parent run again, and no child of it.</summary>
    public JobRerun? Rerun { get; init; }
}

/// <summary>That a job is another one run again, and why.</summary>
/// <param name="Number">1 for the first rerun of that job.</param>
/// <param name="Reason">Why, in a person's words.</param>
/// <param name="Changed">The stages that have other components than they had.</param>
internal sealed record JobRerun(int Number, string? Reason, ImmutableArray<string> Changed);

/// <summary>A component as it was when the job was submitted: what runs for a stage, under which caps.</summary>
internal sealed record ComponentBinding
{
    /// <summary>Program and arguments; the program absolute when it lies beside components.json.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>The program and the files that it was declared with; it runs only while they are what they were.</summary>
    public required ImmutableArray<PinnedFile> Pinned { get; init; }

    public required ProcessCaps Caps { get; init; }

    public required SandboxLevel Sandbox { get; init; }

    /// <summary>What it may read besides; null in what was recorded before there were grants.</summary>
    public Grants? Grants { get; init; }

    public bool RetrySafe { get; init; }

    public required ImmutableArray<string> Inherit { get; init; }

    /// <summary>The model call that the stage is instead of a program of the user's.</summary>
    public ModelCall? Model { get; init; }

    /// <summary>The contract of its user's own that its document has to satisfy; null: Assay's.</summary>
    public OwnContract? Contract { get; init; }

    /// <summary>SHA-256 over the component's declaration, the content of its files and its own contract.</summary>
    public required Digest Sha256 { get; init; }
}

/// <summary>A contract of the user's own, as it was when the job was submitted; the ledger keeps its text.</summary>
/// <param name="Name">What documents name as their <c>schema_version</c>.</param>
/// <param name="Sha256">The digest of its exact bytes.</param>
internal sealed record OwnContract(string Name, Digest Sha256)
{
    /// <summary>Its bytes, where they have just been read; null in what was recorded.</summary>
    [JsonIgnore]
    public Blob? Text { get; init; }
}

/// <summary>A segment of a run specification.</summary>
internal sealed record SegmentRef(string SegmentId, bool Holdout);

/// <summary>A gate of hold-outs, as the evaluation policy declares it.</summary>
internal sealed record HoldoutGate(string GateId, string Metric, string Operator, decimal Threshold);

/// <summary>Everything that is fixed when a job is submitted.</summary>
internal sealed record JobDeclaration
{
    public required string JobId { get; init; }

    public required JobKind Kind { get; init; }

    /// <summary>SHA-256 over the identity document, of which the job's id is the beginning.</summary>
    public required Digest SpecSha256 { get; init; }

    /// <summary><c>job_spec.json</c>.</summary>
    public required DocumentRef Spec { get; init; }

    /// <summary>The blueprint or the idea.</summary>
    public required DocumentRef Input { get; init; }

    public required string Title { get; init; }

    public required string SnapshotId { get; init; }

    public required PolicyBundleRef Bundle { get; init; }

    /// <summary>The bundle's content as JSON, as components get it.</summary>
    public required DocumentRef Policies { get; init; }

    public required JobBudget Budget { get; init; }

    /// <summary>The names of the bundle's policies and parameters, which no extension may use.</summary>
    public required ImmutableArray<string> PolicyNames { get; init; }

    /// <summary>The figures of a hold-out that may be shown.</summary>
    public required ImmutableArray<string> HoldoutMetrics { get; init; }

    /// <summary>
    /// The gates that every hold-out has to pass; absent, and so default, in what was recorded before hold-outs were judged apart. Empty
    /// is another thing: none may be held out.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImmutableArray<HoldoutGate> HoldoutGates { get; init; }

    public required ImmutableSortedDictionary<string, ComponentBinding> Components { get; init; }

    public required JobLineage Lineage { get; init; }

    /// <summary>Absolute folder of the jobs when it is not <c>jobs/</c> of the workspace.</summary>
    public string? JobRoot { get; init; }
}

/// <summary>A blueprint that an agent or a person wants to become a job of its own.</summary>
internal sealed record ChildJob
{
    /// <summary>The proposal's id; null for one that a person brought.</summary>
    public string? ProposalId { get; init; }

    public required string Title { get; init; }

    public required string JobId { get; init; }

    public required Digest SpecSha256 { get; init; }

    public required DocumentRef Spec { get; init; }

    public required DocumentRef Blueprint { get; init; }
}
