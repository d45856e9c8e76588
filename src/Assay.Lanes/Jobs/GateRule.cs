using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Lanes.Jobs;

/// <summary>What the gates component found: contract <c>gate_results_v1</c>.</summary>
public sealed record GateResults(string SchemaVersion, ImmutableArray<GateResult> Gates);

/// <summary>One gate.</summary>
/// <param name="GateId">Its name.</param>
/// <param name="Status">PASS or FAIL.</param>
/// <param name="Metric">The figure it looks at.</param>
/// <param name="Operator">How the figure is compared.</param>
/// <param name="Threshold">What it is compared with; null: no threshold is set, so the gate has not passed.</param>
/// <param name="Value">The figure; absent for a hold-out unless the policy permits it.</param>
/// <param name="SegmentId">The segment; null for the whole run.</param>
/// <param name="Reason">In the component's words; absent for a hold-out.</param>
public sealed record GateResult(
    string GateId, GateStatus Status, string Metric, string Operator, decimal? Threshold, decimal? Value = null, string? SegmentId = null, string? Reason = null);

/// <summary>What a gate says.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateStatus>))]
public enum GateStatus
{
    /// <summary>Not passed, for whatever reason.</summary>
    [JsonStringEnumMemberName("FAIL")]
    Fail,

    [JsonStringEnumMemberName("PASS")]
    Pass,
}

/// <summary>
/// The verdict from the gates' evidence alone. It passes only if there are gates, each has a threshold and passed, and every hold-out has one. A gate whose
/// figure is there must agree with it.
/// </summary>
public static class GateRule
{
    /// <summary>Why the results cannot be used; null when they can.</summary>
    internal static StageProblem? Problem(GateResults results, ImmutableArray<SegmentRef> segments, ImmutableArray<string> permitted)
    {
        for (var i = 0; i < results.Gates.Length; i++)
        {
            var gate = results.Gates[i];
            var segment = segments.FirstOrDefault(s => s.SegmentId == gate.SegmentId);
            if (gate.SegmentId is not null && segment is null)
            {
                return new StageProblem(
                    StageRefusals.Segment, $"{gate.SegmentId} is no segment of the run specification", $"/gates/{i}/segment_id");
            }

            if (results.Gates.Take(i).Any(g => g.GateId == gate.GateId))
            {
                return new StageProblem(StageRefusals.GateId, $"{gate.GateId} stands there twice", $"/gates/{i}/gate_id");
            }

            if (segment is { Holdout: true })
            {
                if (gate.Value is not null && !permitted.Contains(gate.Metric))
                {
                    var shown = $"{gate.Metric} of the hold-out {segment.SegmentId}";
                    return new StageProblem(StageRefusals.HoldoutLeak, $"{shown} may not be shown", $"/gates/{i}/value");
                }

                if (gate.Reason is not null)
                {
                    return new StageProblem(
                        StageRefusals.HoldoutLeak, $"a gate of a hold-out says PASS or FAIL and gives no reason", $"/gates/{i}/reason");
                }
            }

            if (gate is { Status: GateStatus.Pass, Threshold: { } threshold, Value: { } value } && !Holds(value, gate.Operator, threshold))
            {
                var message = $"{gate.GateId} passed, but {value} {gate.Operator} {threshold} does not hold";
                return new StageProblem(StageRefusals.GateContradiction, message, $"/gates/{i}/status");
            }
        }

        return null;
    }

    /// <summary>Whether a gate passed: a gate without a threshold has not.</summary>
    public static bool HasPassed(GateResult gate) => gate is { Status: GateStatus.Pass, Threshold: not null };

    /// <summary>The verdict.</summary>
    public static bool Passed(GateResults results, ImmutableArray<SegmentRef> segments) =>
        results.Gates.Length > 0
        && results.Gates.All(HasPassed)
        && segments.Where(s => s.Holdout).All(s => results.Gates.Any(g => g.SegmentId == s.SegmentId));

    /// <summary>Reads results that satisfy their contract.</summary>
    public static GateResults Read(JsonElement document) => document.Deserialize(JobJson.Default.GateResults)!;

    private static bool Holds(decimal value, string comparison, decimal threshold) => comparison switch
    {
        ">=" => value >= threshold,
        ">" => value > threshold,
        "<=" => value <= threshold,
        "<" => value < threshold,
        "==" => value == threshold,
        _ => throw new InvalidOperationException($"unknown comparison {comparison}"),
    };
}
