using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>The evidence of one crucible: contract <c>run_record_v1</c>.</summary>
internal sealed record RunRecord
{
    public const string Version = "run_record_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    public required string CrucibleId { get; init; }

    public required string RunId { get; init; }

    /// <summary>The full digest that the run id abbreviates.</summary>
    public required Digest RunSha256 { get; init; }

    public required CrucibleOutcome Outcome { get; init; }

    public required ImmutableArray<string> Notes { get; init; }

    public required int? ExitCode { get; init; }

    public required int? Signal { get; init; }

    public required KillReason? KillReason { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required long DurationMs { get; init; }

    public required long CpuTimeMs { get; init; }

    public required long PeakRssBytes { get; init; }

    public required string? RunRoot { get; init; }

    public required int Attempt { get; init; }

    public required Captured? Stdout { get; init; }

    public required Captured? Stderr { get; init; }

    public required int LeakedProcesses { get; init; }

    public required long ProcessLimitHits { get; init; }

    /// <summary>The second run, when replay verification asked for one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReplayRecord? Replay { get; init; }

    /// <summary>Files of the run root that were looked at, with their digests.</summary>
    public required ImmutableArray<CollectedFile> Files { get; init; }

    /// <summary>What it tried to reach; null where its network was not watched.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required ImmutableArray<EgressAttempt>? Egress { get; init; }

    /// <summary>Attempts that found no place there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required long? EgressUnlisted { get; init; }

    public required CapsInForce? Caps { get; init; }
}

internal sealed record ReplayRecord(int? ExitCode, KillReason? KillReason, string RunRoot, Captured Stdout, ImmutableArray<CollectedFile> Files);

/// <summary>What was going to run: contract <c>epoch_manifest_v1</c>.</summary>
internal sealed record EpochManifest
{
    public const string Version = "epoch_manifest_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    public required Digest EpochHash { get; init; }

    public required Digest PlanSha256 { get; init; }

    public required EpochMode Mode { get; init; }

    /// <summary>The plan without its crucibles, which stand below.</summary>
    public required JsonElement Plan { get; init; }

    public required HostEnforcement Host { get; init; }

    public required ImmutableArray<ManifestCrucible> Crucibles { get; init; }
}

/// <summary>How the host that declared the epoch could enforce caps.</summary>
/// <param name="Containment">cgroup_v2, cgroup_v1 or process_tree.</param>
/// <param name="Sandbox">The tool that isolates, or none.</param>
/// <param name="Machine">Host name.</param>
/// <param name="Kernel">The operating system's version.</param>
internal sealed record HostEnforcement(string Containment, string Sandbox, string Machine, string Kernel);

internal sealed record ManifestCrucible(string CrucibleId, string Spec, Digest CrucibleSha256, string RunId, Digest RunSha256, ProcessCaps Caps);

/// <summary>What an epoch touched: contract <c>epoch_coverage_v1</c>.</summary>
internal sealed record EpochCoverage
{
    public const string Version = "epoch_coverage_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    public required string KernelTarget { get; init; }

    /// <summary>The crucibles whose coverage is in it, in the plan's order.</summary>
    public required ImmutableArray<string> Crucibles { get; init; }

    public required Observed Observed { get; init; }
}

/// <summary>What failed crucibles left: contract <c>salvage_manifest_v1</c>.</summary>
internal sealed record SalvageManifest
{
    public const string Version = "salvage_manifest_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    /// <summary>False when a crucible left more files than are collected.</summary>
    public required bool Complete { get; init; }

    public required ImmutableArray<SalvagedFile> Files { get; init; }
}

internal sealed record SalvagedFile(
    string CrucibleId, string File,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Digest? Sha256, long SizeBytes, bool Usable, string Reason);
