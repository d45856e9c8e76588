using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>How a crucible ended: PASS, or FAIL_CLOSED for every other end; NOT_RUN only in summaries.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CrucibleOutcome>))]
public enum CrucibleOutcome
{
    [JsonStringEnumMemberName("NOT_RUN")]
    NotRun,

    [JsonStringEnumMemberName("PASS")]
    Pass,

    [JsonStringEnumMemberName("FAIL_CLOSED")]
    FailClosed,
}

/// <summary>What an epoch shows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EpochVerdict>))]
public enum EpochVerdict
{
    /// <summary>The epoch could not be concluded: evidence is missing or invalid, or it was cancelled.</summary>
    [JsonStringEnumMemberName("FAIL_CLOSED")]
    FailClosed,

    [JsonStringEnumMemberName("FAIL")]
    Fail,

    [JsonStringEnumMemberName("NOT_OPERATIONAL")]
    NotOperational,

    [JsonStringEnumMemberName("PASS")]
    Pass,

    [JsonStringEnumMemberName("OPERATIONAL")]
    Operational,

    [JsonStringEnumMemberName("COMPLETE")]
    Complete,
}

/// <summary>What came of an epoch: contract <c>epoch_summary_v1</c>.</summary>
public sealed record EpochSummary
{
    public const string Version = "epoch_summary_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    /// <summary>The plan's own id when that was taken; left out when it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BumpedFrom { get; init; }

    public required EpochProfile EpochProfile { get; init; }

    public required EpochVerdict EpochVerdict { get; init; }

    /// <summary>Why the epoch ended before its last crucible, or why it could not be concluded: <c>max_failures</c>, <c>epoch_timeout</c> …</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    public required Digest EpochHash { get; init; }

    public required EpochMode Mode { get; init; }

    /// <summary>False for a shadow epoch: no gate, escalation or registry may count it.</summary>
    public required bool CountsForGates { get; init; }

    public required KernelTarget KernelIdentity { get; init; }

    public required int CruciblesTotal { get; init; }

    public required int CruciblesPassed { get; init; }

    public required int CruciblesFailed { get; init; }

    public required int CruciblesFailedClosed { get; init; }

    public required int CruciblesNotRun { get; init; }

    /// <summary>How many of the runs nothing kept away from the machine; left out when there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Uncaged { get; init; }

    /// <summary>How many of the runs had the host's own network; left out when there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int NetworkOpen { get; init; }

    public required ImmutableArray<SummaryRun> Runs { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record KernelTarget([property: JsonPropertyName("kernel_target")] string Name);

public sealed record SummaryRun
{
    public required string CrucibleId { get; init; }

    public required string RunId { get; init; }

    public required CrucibleOutcome Outcome { get; init; }

    public required ImmutableArray<string> Notes { get; init; }

    public required long DurationMs { get; init; }

    /// <summary>The run record in force, relative to the epoch's folder; null when the crucible did not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Record { get; init; }
}
