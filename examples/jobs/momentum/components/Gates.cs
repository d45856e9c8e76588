using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>The stage gates: compares figures with the thresholds of the policy. Of a hold-out it says whether, never how much.</summary>
internal static class Gates
{
    public static void Evaluate(Stage stage)
    {
        var segments = stage.Document("runspec")["segments"]!["list"]!.AsArray();
        var results = new JsonArray();
        foreach (var gate in stage.Policy("gates")["gates"]!.AsArray().Select(g => g!.AsObject()))
        {
            foreach (var (segmentId, isHoldout) in Targets((string)gate["on"]!, segments)) results.Add(Result(stage, gate, segmentId, isHoldout));
        }

        stage.Write("gate_results.json", new JsonObject { ["schema_version"] = "gate_results_v1", ["gates"] = results });
    }

    private static IEnumerable<(string? SegmentId, bool IsHoldout)> Targets(string on, JsonArray segments) => on switch
    {
        "run" => [(null, false)],
        "segments" => segments.Where(s => !IsHoldout(s!)).Select(s => ((string?)s!["segment_id"], false)),
        "holdout" => segments.Where(s => IsHoldout(s!)).Select(s => ((string?)s!["segment_id"], true)),
        _ => throw new InputException($"a gate is on {on}: it is run, segments or holdout"),
    };

    private static bool IsHoldout(JsonNode segment) => (bool?)segment["holdout"] ?? false;

    private static JsonObject Result(Stage stage, JsonObject gate, string? segmentId, bool isHoldout)
    {
        var metric = (string)gate["metric"]!;
        var comparison = (string)gate["operator"]!;
        var path = segmentId is null ? "metrics.json" : $"segments/{segmentId}/metrics.json";
        var value = (double?)stage.Dossier(path)?["metrics"]?[metric];
        var threshold = (double?)gate["threshold"];
        var result = new JsonObject
        {
            ["gate_id"] = segmentId is null ? (string)gate["gate_id"]! : $"{gate["gate_id"]}.{segmentId}",
            ["status"] = value is { } found && threshold is { } limit && Holds(found, comparison, limit) ? "PASS" : "FAIL",
            ["metric"] = metric,
            ["operator"] = comparison,
            ["threshold"] = threshold,
        };
        if (segmentId is not null) result["segment_id"] = segmentId;
        if (!isHoldout) result["value"] = value;
        return result;
    }

    private static bool Holds(double value, string comparison, double threshold) => comparison switch
    {
        ">=" => value >= threshold,
        ">" => value > threshold,
        "<=" => value <= threshold,
        "<" => value < threshold,
        _ => throw new InputException($"a gate compares with {comparison}: it is >=, >, <= or <"),
    };
}
