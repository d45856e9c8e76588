using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>What an epoch's stream records, beside the effects.</summary>
internal abstract record EpochEvent : Event;

/// <summary>
/// First event: what the epoch is. It is followed by one <see cref="CrucibleDeclared"/> for each crucible, in the same commit.
/// </summary>
internal sealed record EpochDeclared : EpochEvent
{
    /// <summary>Stands where an epoch of a plan names the files that it came from, when a single command was tried without a plan.</summary>
    public const string TryOrigin = "assay try";

    /// <summary>The id in force, which a bump may have made differ from the plan's.</summary>
    public required string EpochId { get; init; }

    public required Digest EpochHash { get; init; }

    public required Digest PlanSha256 { get; init; }

    public required EpochMode Mode { get; init; }

    /// <summary>The plan without crucible_order and crucible_specs.</summary>
    public required JsonElement Plan { get; init; }

    public required EpochProfile Profile { get; init; }

    public required string KernelTarget { get; init; }

    public required long Seed { get; init; }

    public required long WallClockMs { get; init; }

    public long? MaxFailures { get; init; }

    public required ImmutableArray<string> RequiredMilestones { get; init; }

    public required RunnerTemplate Template { get; init; }

    public required ImmutableArray<string> Args { get; init; }

    public required ImmutableArray<string> Inherit { get; init; }

    public required int CruciblesTotal { get; init; }

    /// <summary>Absolute folder of the artifacts when it is not the workspace.</summary>
    public string? ArtifactsRoot { get; init; }

    /// <summary>Whether epochs lie in that folder directly, and not below its <c>epochs/</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ArtifactsRootIsBase { get; init; }

    /// <summary>
    /// What ran in place of every crucible's own command; null: nothing did, or it was recorded before that was said here.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<string>? CommandOverride { get; init; }

    public required HostEnforcement Host { get; init; }

    /// <summary>Absolute path of the plan; null for an epoch of a ladder, and before ledger format 2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PlanFile { get; init; }

    /// <summary>The plan's own id when that was taken; null: it was not, or this was recorded before a bump was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BumpedFrom { get; init; }

    /// <summary>
    /// The run of a ladder that it is an attempt for; null for any other epoch, and in what was recorded before ladders had runs.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LadderId { get; init; }

    /// <summary>The same under the id that it gets.</summary>
    public EpochDeclared As(string id) => this with { EpochId = id, BumpedFrom = id == EpochId ? null : EpochId };

    /// <summary>Whether whoever goes on with this is who started it: a ladder's epochs are its own alone.</summary>
    /// <param name="ladderId">The ladder that goes on with it; null: none.</param>
    public bool IsOf(string? ladderId) => LadderId == ladderId || (LadderId is null && PlanFile is null);
}

/// <summary>One crucible, with its identity fixed before anything runs.</summary>
internal sealed record CrucibleDeclared : EpochEvent
{
    public required int Index { get; init; }

    /// <summary>Its file as the plan names it.</summary>
    public required string Spec { get; init; }

    /// <summary>Absolute folder of its file, from which <c>./program</c> is taken.</summary>
    public required string Folder { get; init; }

    public required Crucible Crucible { get; init; }

    public required Digest CrucibleSha256 { get; init; }

    public required Digest RunSha256 { get; init; }

    public required ImmutableArray<StagedFile> Inputs { get; init; }

    /// <summary>
    /// The program, as it was when the epoch was declared; null for one of the system, and in what was recorded before programs were
    /// pinned.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PinnedFile? Program { get; init; }

    /// <summary>What it may read besides; null in what was recorded before there were grants.</summary>
    public Grants? Grants { get; init; }

    /// <summary>Where it works when that is not its run root; null: it is.</summary>
    public WorkPlace? WorkPlace { get; init; }

    public required ProcessCaps Caps { get; init; }

    [JsonIgnore]
    public string CrucibleId => Crucible.CrucibleId;

    /// <summary>The first 16 hex digits of the run's identity.</summary>
    [JsonIgnore]
    public string RunId => RunSha256.Short(16);
}

/// <summary>Where a program works that a person started by hand.</summary>
/// <param name="Folder">Absolute; null is its run root.</param>
/// <param name="Writes">Absolute folders that it may change, this one among them or not.</param>
internal sealed record WorkPlace(string? Folder, ImmutableArray<string> Writes);

/// <summary>The first run passed, and the plan asks for a second one that must be the same to the byte.</summary>
internal sealed record ReplayRequired(string CrucibleId, ImmutableArray<string> Notes) : EpochEvent;

/// <summary>A part of what a crucible touched; long coverage comes in several.</summary>
internal sealed record CrucibleCovered(string CrucibleId, Observed Observed) : EpochEvent;

/// <summary>A crucible has its outcome.</summary>
/// <param name="CrucibleId">The crucible.</param>
/// <param name="Outcome">PASS or FAIL_CLOSED.</param>
/// <param name="Notes">The reasons, and what else is worth knowing.</param>
/// <param name="EvidenceMissing">A run that ended by itself as expected left no valid evidence: the epoch cannot be concluded (ruling 11).</param>
/// <param name="Coverage">The coverage file that Assay writes for a program that speaks no protocol.</param>
internal sealed record CrucibleFinished(
    string CrucibleId, CrucibleOutcome Outcome, ImmutableArray<string> Notes, bool EvidenceMissing, CrucibleCoverage? Coverage) : EpochEvent;

/// <summary>What a failed crucible left was collected.</summary>
internal sealed record CrucibleSalvaged(string CrucibleId, ImmutableArray<SalvagedFile> Files, bool Complete) : EpochEvent;

/// <summary>The epoch goes on after it was interrupted or cancelled; what is complete is kept.</summary>
internal sealed record EpochResumed : EpochEvent;

/// <summary>An engine took the epoch up on which none had worked for a while: its wall clock goes on from here.</summary>
internal sealed record EpochTakenUp : EpochEvent;

/// <summary>Somebody asked to end it; what is under way is being ended.</summary>
internal sealed record EpochCancelRequested(string By) : EpochEvent;

/// <summary>The verdict.</summary>
internal sealed record EpochFinished(EpochVerdict Verdict, EndReason? Reason) : EpochEvent;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EpochPlan))]
[JsonSerializable(typeof(Crucible))]
[JsonSerializable(typeof(CrucibleCoverage))]
[JsonSerializable(typeof(EpochLadder))]
[JsonSerializable(typeof(EpochDeclared))]
[JsonSerializable(typeof(CrucibleDeclared))]
[JsonSerializable(typeof(ReplayRequired))]
[JsonSerializable(typeof(CrucibleCovered))]
[JsonSerializable(typeof(CrucibleFinished))]
[JsonSerializable(typeof(CrucibleSalvaged))]
[JsonSerializable(typeof(EpochResumed))]
[JsonSerializable(typeof(EpochTakenUp))]
[JsonSerializable(typeof(EpochCancelRequested))]
[JsonSerializable(typeof(EpochFinished))]
[JsonSerializable(typeof(EpochAnswer))]
[JsonSerializable(typeof(LadderDeclared))]
[JsonSerializable(typeof(LadderResumed))]
[JsonSerializable(typeof(RungFinished))]
[JsonSerializable(typeof(LadderCancelled))]
[JsonSerializable(typeof(LadderFinished))]
[JsonSerializable(typeof(RunIdentityDocument))]
[JsonSerializable(typeof(EpochIdentityDocument))]
[JsonSerializable(typeof(RungIdentityDocument))]
[JsonSerializable(typeof(LadderIdentityDocument))]
[JsonSerializable(typeof(RunnerInput))]
[JsonSerializable(typeof(string))]
internal sealed partial class EpochJson : JsonSerializerContext;
