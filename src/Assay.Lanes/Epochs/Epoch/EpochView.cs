using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>How an epoch stands that has no verdict.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EpochProgress>))]
public enum EpochProgress
{
    /// <summary>Nobody has worked on it yet: it was left to the workers.</summary>
    [JsonStringEnumMemberName("SUBMITTED")]
    Submitted,

    /// <summary>An engine works on it.</summary>
    [JsonStringEnumMemberName("RUNNING")]
    Running,

    /// <summary>The engine that worked on it is gone. It goes on with the command in <see cref="EpochStanding.Resume"/>.</summary>
    [JsonStringEnumMemberName("INTERRUPTED")]
    Interrupted,
}

/// <summary>How an epoch stands that has no verdict (contract <c>epoch_standing_v2</c>); one that has shows its <see cref="EpochSummary"/>.</summary>
public sealed record EpochStanding
{
    public const string Version = "epoch_standing_v2";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    public required EpochProfile EpochProfile { get; init; }

    public required EpochProgress State { get; init; }

    /// <summary>The command that goes on with it; null unless it was interrupted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Resume { get; init; }

    /// <summary>FAIL_CLOSED: nothing is shown until there is a verdict.</summary>
    public required EpochVerdict EpochVerdict { get; init; }

    public required string Reason { get; init; }

    public required Digest EpochHash { get; init; }

    public required EpochMode Mode { get; init; }

    public required bool CountsForGates { get; init; }

    public required KernelTarget KernelIdentity { get; init; }

    public required int CruciblesTotal { get; init; }

    public required int CruciblesPassed { get; init; }

    public required int CruciblesFailed { get; init; }

    public required int CruciblesFailedClosed { get; init; }

    /// <summary>Without an outcome and not under way.</summary>
    public required int CruciblesNotRun { get; init; }

    public required int CruciblesRunning { get; init; }

    public required int CruciblesInterrupted { get; init; }

    public required ImmutableArray<StandingRun> Runs { get; init; }
}

/// <summary>A crucible of an epoch that has no verdict.</summary>
/// <param name="CrucibleId">The crucible.</param>
/// <param name="RunId">Its run.</param>
/// <param name="Outcome">PASS, FAIL_CLOSED, NOT_RUN; RUNNING, or INTERRUPTED when its engine is gone.</param>
/// <param name="Notes">Notes on its outcome.</param>
/// <param name="DurationMs">How long it took.</param>
/// <param name="Record">The run record in force, relative to the epoch's folder.</param>
public sealed record StandingRun(
    string CrucibleId, string RunId, string Outcome, ImmutableArray<string> Notes, long DurationMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Record)
{
    public const string Running = "RUNNING";
    public const string Interrupted = "INTERRUPTED";
}

/// <summary>An epoch as people see it: its summary, or how it stands while it has no verdict.</summary>
public sealed record EpochView(EpochSummary Summary, EpochStanding? Standing)
{
    /// <summary>Why it ended early; null: it did not, or has not ended.</summary>
    public EndReason? EndedBy { get; init; }

    /// <summary>The crucibles whose runs tried to reach something.</summary>
    public required ImmutableArray<CrucibleNetwork> Networks { get; init; }
}

/// <summary>What a crucible's last run tried to reach.</summary>
/// <param name="CrucibleId">The crucible.</param>
/// <param name="EndedAtItsLimit">Whether <c>network_max_bytes</c> ended it.</param>
/// <param name="Egress">The attempts.</param>
public sealed record CrucibleNetwork(string CrucibleId, bool EndedAtItsLimit, Egress Egress);

/// <summary>Serializers for what is shown of epochs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(EpochStanding))]
public sealed partial class EpochViewJson : JsonSerializerContext
{
    /// <summary>With text as it is instead of escapes.</summary>
    public static EpochViewJson Shared => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
