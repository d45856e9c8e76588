using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>The stages registry and report: what people read afterwards.</summary>
internal static class Reports
{
    public static void Card(Stage stage)
    {
        var runspec = stage.Document("runspec");
        var metrics = stage.Dossier("metrics.json")!["metrics"]!;
        stage.Write("registry_card.json", new JsonObject
        {
            ["schema_version"] = "registry_card_v1",
            ["title"] = runspec["title"]!.DeepClone(),
            ["summary"] = $"{Describe(Strategy.Read(runspec))} {Percent(metrics["annual_return"])} a year against {Percent(metrics["benchmark_annual_return"])} for equal parts of all five.",
            ["run_id"] = stage.Input["run_id"]!.DeepClone(),
            ["tags"] = new JsonArray("momentum", "monthly"),
            ["metrics"] = metrics.DeepClone(),
        });
    }

    public static void Report(Stage stage)
    {
        var runspec = stage.Document("runspec");
        var segments = new StringBuilder();
        foreach (var segment in runspec["segments"]!["list"]!.AsArray())
        {
            var id = (string)segment!["segment_id"]!;
            var figures = stage.Dossier($"segments/{id}/metrics.json")?["metrics"];
            segments.Append(CultureInfo.InvariantCulture, $"{id}, {segment["from"]} to {segment["to"]}: ");
            segments.AppendLine(figures is null
                ? "held out; its gates say pass or fail and nothing more"
                : $"{Percent(figures["annual_return"])} a year, Sharpe {figures["sharpe"]}, largest loss {Percent(figures["max_drawdown"])}");
        }

        var gates = stage.Document("gate_results")["gates"]!.AsArray().Concat(stage.Find("holdout_results")?["gates"]!.AsArray() ?? []).ToList();
        var failed = gates.Where(g => (string)g!["status"]! != "PASS").Select(g => (string)g!["gate_id"]!).ToList();
        stage.Write("report.json", new JsonObject
        {
            ["schema_version"] = "report_v1",
            ["title"] = $"Report: {runspec["title"]}",
            ["sections"] = new JsonArray(
                Section("Idea", (string?)stage.Find("idea_spec")?["description"] ?? (string?)stage.Document("blueprint")["description"] ?? ""),
                Section("Strategy", Describe(Strategy.Read(runspec))),
                Section("Segments", segments.ToString().TrimEnd()),
                Section("Gates", failed.Count == 0 ? $"All {gates.Count} passed." : $"{failed.Count} of {gates.Count} failed: {string.Join(", ", failed)}.")),
        });
    }

    public static string Describe(Strategy strategy) => string.Create(
        CultureInfo.InvariantCulture,
        $"Each month holds the {strategy.Top} of five shares that gained {(strategy.Winners ? "most" : "least")} over {strategy.LookbackMonths} months{(strategy.SkipMonths > 0 ? $", without the last {strategy.SkipMonths}" : "")}; a full change costs {strategy.CostBps} basis points.");

    private static JsonObject Section(string heading, string text) => new() { ["heading"] = heading, ["text"] = text };

    private static string Percent(JsonNode? value) => ((double?)value)?.ToString("P1", CultureInfo.InvariantCulture) ?? "?";
}
