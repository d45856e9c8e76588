using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Lanes;

namespace Assay.Lanes.Jobs;

/// <summary>A trial as lists show it: a row of the table <c>trials</c>.</summary>
public sealed record TrialSummary
{
    /// <summary>All gates passed, and there is a card where a component makes one.</summary>
    public const string Pass = "PASS";

    /// <summary>Some gate did not pass. The trial is in the log all the same.</summary>
    public const string Fail = "FAIL";

    /// <summary>Both words.</summary>
    public static IReadOnlyList<string> Verdicts { get; } = [Pass, Fail];

    /// <summary>What a list of trials can be ordered by.</summary>
    public static IReadOnlyList<string> Orders { get; } = ["recorded"];

    /// <summary>Its number: 1 for the first trial of the workspace.</summary>
    public required long Trial { get; init; }

    /// <summary>PASS or FAIL.</summary>
    public required string Verdict { get; init; }

    /// <summary>The job's.</summary>
    public required string Title { get; init; }

    public required string JobId { get; init; }

    public required string RunId { get; init; }

    /// <summary>The card that it has; null when it did not pass, or no component makes cards.</summary>
    public string? CardId { get; init; }

    public required string SnapshotId { get; init; }

    public required string PolicyBundleId { get; init; }

    /// <summary>The policies by which it was judged; null in what earlier builds recorded.</summary>
    public string? PolicyBundleSha256 { get; init; }

    public required long GatesPassed { get; init; }

    public required long GatesFailed { get; init; }

    /// <summary>The digest of the evidence of the gates.</summary>
    public required string GateResultsSha256 { get; init; }

    /// <summary>UTC, as documents have times.</summary>
    public required string RecordedAt { get; init; }

    /// <summary>Where it stands in a list: when it was recorded, and its number.</summary>
    [JsonIgnore]
    public (string At, string Key) Place => (RecordedAt, Trial.ToString(CultureInfo.InvariantCulture));

    public static TrialSummary Of(LaneRow row) => new()
    {
        Trial = long.Parse(row.Key, CultureInfo.InvariantCulture),
        Verdict = row.Text("verdict")!,
        Title = row.Text("title")!,
        JobId = row.Text("job_id")!,
        RunId = row.Text("run_id")!,
        CardId = row.Text("card_id"),
        SnapshotId = row.Text("snapshot_id")!,
        PolicyBundleId = row.Text("policy_bundle_id")!,
        PolicyBundleSha256 = row.Text("policy_bundle_sha256"),
        GatesPassed = row.Number("gates_passed"),
        GatesFailed = row.Number("gates_failed"),
        GateResultsSha256 = row.Text("gate_results_sha256")!,
        RecordedAt = row.Text("recorded_at")!,
    };
}

/// <summary>A trial with its card.</summary>
/// <param name="Trial">The trial.</param>
/// <param name="Card">The card (<c>registry_card_v1</c>); null when it has none.</param>
public sealed record TrialView(TrialSummary Trial, JsonElement? Card);

/// <summary>A page of trials.</summary>
/// <param name="Items">The trials, the latest first unless another order was asked for.</param>
/// <param name="NextCursor">Where the next page begins; null: this is the last.</param>
public sealed record TrialPage(
    ImmutableArray<TrialSummary> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextCursor);
