using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Lanes;

namespace Assay.Lanes.Jobs;

/// <summary>What the gates component found: contract <c>gate_results_v1</c>.</summary>
internal sealed record GateResults(string SchemaVersion, ImmutableArray<GateResult> Gates);

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
/// The verdict from the gates' evidence alone. It passes only if there are gates, and each has a threshold and passed; hold-outs are
/// judged apart (<see cref="HoldoutRule"/>). A gate whose figure is there must agree with it.
/// </summary>
internal static class GateRule
{
    /// <summary>Why the results cannot be used; null when they can.</summary>
    internal static StageProblem? Problem(GateResults results, ImmutableArray<SegmentRef> segments, JobDeclaration job)
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

            if (HoldoutProblem(gate, segment, segments, job) is var (kind, why, key)) return new StageProblem(kind, why, $"/gates/{i}/{key}");

            if (gate is { Status: GateStatus.Pass, Threshold: { } threshold, Value: { } value } && !Holds(value, gate.Operator, threshold))
            {
                var message = $"{gate.GateId} passed, but {value} {gate.Operator} {threshold} does not hold";
                return new StageProblem(StageRefusals.GateContradiction, message, $"/gates/{i}/status");
            }
        }

        return null;
    }

    /// <summary>What a gate may not say of hold-outs.</summary>
    private static (RefusalKind Kind, string Message, string Key)? HoldoutProblem(
        GateResult gate, SegmentRef? segment, ImmutableArray<SegmentRef> segments, JobDeclaration job)
    {
        if (!HoldoutRule.IsOfEarlierBuild(job))
        {
            if (job.HoldoutGates.Any(h => h.GateId == gate.GateId)) return (StageRefusals.GateId, $"{gate.GateId} is a gate of hold-outs by the evaluation policy", "gate_id");
            return segment is { Holdout: true } ? (StageRefusals.HoldoutLeak, "a hold-out is judged by gates.holdout_command alone", "segment_id") : null;
        }

        if (segments.Any(s => s.Holdout) && gate.Reason is not null) return (StageRefusals.HoldoutLeak, "gates that see a hold-out give no reasons", "reason");
        return segment is { Holdout: true } && gate.Value is not null && !job.HoldoutMetrics.Contains(gate.Metric)
            ? (StageRefusals.HoldoutLeak, $"{gate.Metric} of the hold-out {segment.SegmentId} may not be shown", "value")
            : null;
    }

    /// <summary>Whether a gate passed: a gate without a threshold has not.</summary>
    public static bool HasPassed(GateResult gate) => gate is { Status: GateStatus.Pass, Threshold: not null };

    /// <summary>Whether there are gates, of hold-outs or others, and all of them passed.</summary>
    internal static bool Passed(GateResults results, ImmutableArray<HoldoutVerdict> held) =>
        results.Gates.Length + held.Length > 0 && results.Gates.All(HasPassed) && held.All(v => v.Passed);

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
