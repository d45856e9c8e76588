using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>Runs a strategy over segments of the past.</summary>
internal static class Backtest
{
    private const int PreviewMonths = 6;

    /// <summary>The stage run: every segment's figures; curve and trades of those that are not held out.</summary>
    public static void Run(Stage stage)
    {
        var runspec = stage.Document("runspec");
        var strategy = Strategy.Read(runspec);
        var prices = Prices.Load(stage.SnapshotId);
        var seen = new List<Month>();
        var summary = new JsonArray();
        foreach (var segment in runspec["segments"]!["list"]!.AsArray().Select(s => s!.AsObject()))
        {
            var id = (string)segment["segment_id"]!;
            var isHoldout = (bool?)segment["holdout"] ?? false;
            var months = Simulate(strategy, prices, (string)segment["from"]!, (string)segment["to"]!);
            var figures = Figures.Of(months);
            stage.Write($"segments/{id}/metrics.json", Metrics(figures, id));
            if (isHoldout)
            {
                summary.Add(new JsonObject { ["segment_id"] = id, ["holdout"] = true, ["metrics"] = new JsonObject { ["months"] = months.Count } });
                continue;
            }

            seen.AddRange(months);
            stage.Write($"segments/{id}/curve.csv", Curve(months));
            stage.Write($"segments/{id}/trades.csv", Trades(months, prices));
            summary.Add(new JsonObject { ["segment_id"] = id, ["holdout"] = false, ["metrics"] = figures.ToJson() });
        }

        stage.Write("segments_summary.json", new JsonObject { ["schema_version"] = "segments_summary_v1", ["segments"] = summary });
        stage.Write("metrics.json", Metrics(Figures.Of(seen), null));
    }

    /// <summary>The stage trace_preview: the first months of the first segment, step by step.</summary>
    public static void Preview(Stage stage)
    {
        var runspec = stage.Document("runspec");
        var strategy = Strategy.Read(runspec);
        var prices = Prices.Load(stage.SnapshotId);
        var first = runspec["segments"]!["list"]![0]!.AsObject();
        var rows = new JsonArray();
        foreach (var month in Simulate(strategy, prices, (string)first["from"]!, (string)first["to"]!).Take(PreviewMonths))
        {
            rows.Add(new JsonArray(Prices.Text(month.At), string.Join(" ", month.Held.Select(s => prices.Symbols[s])), Round(month.Gain), Round(month.Benchmark), Round(month.Turnover)));
        }

        stage.Write("trace_preview.json", new JsonObject
        {
            ["schema_version"] = "trace_preview_v1",
            ["title"] = $"First {rows.Count} months of {first["segment_id"]}",
            ["columns"] = new JsonArray("month", "held", "gain", "equal_weights", "turnover"),
            ["rows"] = rows,
            ["notes"] = new JsonArray("Each month's holding is chosen from prices of the months before it."),
        });
    }

    private static List<Month> Simulate(Strategy strategy, Prices prices, string from, string to)
    {
        var months = new List<Month>();
        IReadOnlyList<int> held = [];
        for (var row = prices.IndexOf(from); row <= prices.IndexOf(to); row++)
        {
            var chosen = strategy.Choose(prices, row - 1);
            if (chosen.Count == 0) throw new InputException($"nothing can be chosen for {Prices.Text(prices.Months[row])}: the snapshot begins too late for this lookback");
            var turnover = held.Count == 0 ? 1 : 1 - (chosen.Intersect(held).Count() / (double)chosen.Count);
            var gain = chosen.Average(share => prices.Gain(share, row - 1, row) ?? 0) - (turnover * strategy.CostBps / 10_000);
            var all = Enumerable.Range(0, prices.Symbols.Length).Select(share => prices.Gain(share, row - 1, row)).OfType<double>();
            months.Add(new Month(prices.Months[row], chosen, gain, all.Average(), turnover));
            held = chosen;
        }

        return months;
    }

    private static string Curve(List<Month> months)
    {
        var text = new StringBuilder("month,value\n");
        var value = 1.0;
        foreach (var month in months) text.Append(CultureInfo.InvariantCulture, $"{Prices.Text(month.At)},{Round(value *= 1 + month.Gain)}\n");
        return text.ToString();
    }

    private static string Trades(List<Month> months, Prices prices)
    {
        var text = new StringBuilder("month,side,symbol\n");
        IReadOnlyList<int> held = [];
        foreach (var month in months)
        {
            foreach (var share in held.Except(month.Held)) text.Append(CultureInfo.InvariantCulture, $"{Prices.Text(month.At)},sell,{prices.Symbols[share]}\n");
            foreach (var share in month.Held.Except(held)) text.Append(CultureInfo.InvariantCulture, $"{Prices.Text(month.At)},buy,{prices.Symbols[share]}\n");
            held = month.Held;
        }

        return text.ToString();
    }

    private static JsonObject Metrics(Figures figures, string? segmentId)
    {
        var document = new JsonObject { ["schema_version"] = "metrics_v1", ["metrics"] = figures.ToJson() };
        if (segmentId is not null) document["segment_id"] = segmentId;
        return document;
    }

    private static double Round(double value) => Math.Round(value, 6);
}

/// <summary>What happened in a month.</summary>
internal sealed record Month(DateOnly At, IReadOnlyList<int> Held, double Gain, double Benchmark, double Turnover);
