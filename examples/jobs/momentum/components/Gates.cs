using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>The stages gates and holdout: compare figures with the thresholds of the policies. Of a hold-out only whether is asked, never how much.</summary>
internal static class Gates
{
    public static void Evaluate(Stage stage)
    {
        var segments = stage.Document("runspec")["segments"]!["list"]!.AsArray();
        var results = new JsonArray();
        foreach (var gate in stage.Policy("gates")["gates"]!.AsArray().Select(g => g!.AsObject()))
        {
            foreach (var segmentId in Targets((string)gate["on"]!, segments)) results.Add(Result(stage, gate, segmentId));
        }

        stage.Write("gate_results.json", new JsonObject { ["schema_version"] = "gate_results_v1", ["gates"] = results });
    }

    /// <summary>In a process of its own, which alone sees the hold-outs.</summary>
    public static void JudgeHoldouts(Stage stage)
    {
        var answers = new JsonArray();
        foreach (var gate in stage.Policy("evaluation")["holdout_gates"]!.AsArray())
        {
            foreach (var segment in stage.Document("runspec")["segments"]!["list"]!.AsArray().Where(s => IsHoldout(s!)))
            {
                var id = (string)segment!["segment_id"]!;
                var value = Value(stage, id, (string)gate!["metric"]!);
                var passed = value is { } found && Holds(found, (string)gate["operator"]!, (double)gate["threshold"]!);
                answers.Add(new JsonObject { ["gate_id"] = gate["gate_id"]!.DeepClone(), ["segment_id"] = id, ["status"] = passed ? "PASS" : "FAIL" });
            }
        }

        stage.Write("holdout_results.json", new JsonObject { ["schema_version"] = "holdout_results_v1", ["gates"] = answers });
    }

    private static IEnumerable<string?> Targets(string on, JsonArray segments) => on switch
    {
        "run" => [null],
        "segments" => segments.Where(s => !IsHoldout(s!)).Select(s => (string?)s!["segment_id"]),
        _ => throw new InputException($"a gate is on {on}: it is run or segments"),
    };

    private static bool IsHoldout(JsonNode segment) => (bool?)segment["holdout"] ?? false;

    private static JsonObject Result(Stage stage, JsonObject gate, string? segmentId)
    {
        var metric = (string)gate["metric"]!;
        var comparison = (string)gate["operator"]!;
        var value = Value(stage, segmentId, metric);
        var threshold = (double?)gate["threshold"];
        var result = new JsonObject
        {
            ["gate_id"] = segmentId is null ? (string)gate["gate_id"]! : $"{gate["gate_id"]}.{segmentId}",
            ["status"] = value is { } found && threshold is { } limit && Holds(found, comparison, limit) ? "PASS" : "FAIL",
            ["metric"] = metric,
            ["operator"] = comparison,
            ["threshold"] = threshold,
            ["value"] = value,
        };
        if (segmentId is not null) result["segment_id"] = segmentId;
        return result;
    }

    /// <summary>A figure of a segment, or of the whole run; null when there is none.</summary>
    private static double? Value(Stage stage, string? segmentId, string metric) =>
        (double?)stage.Dossier(segmentId is null ? "metrics.json" : $"segments/{segmentId}/metrics.json")?["metrics"]?[metric];

    private static bool Holds(double value, string comparison, double threshold) => comparison switch
    {
        ">=" => value >= threshold,
        ">" => value > threshold,
        "<=" => value <= threshold,
        "<" => value < threshold,
        _ => throw new InputException($"a gate compares with {comparison}: it is >=, >, <= or <"),
    };
}
