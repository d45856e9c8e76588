using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>The stage compile: exactly what will run, with the segments of the walk forward and the months that are held out.</summary>
internal static class Compiler
{
    public static void Compile(Stage stage)
    {
        var source = stage.Find("strategy_spec") ?? stage.Document("blueprint");
        var evaluation = (source["evaluation"] ?? stage.Document("blueprint")["evaluation"])?.AsObject()
            ?? throw new InputException("/evaluation is missing: it says first_month, segment_months, segments and holdout_months");
        var prices = Prices.Load(stage.SnapshotId);
        var start = prices.IndexOf((string)evaluation["first_month"]!);
        var length = (int)evaluation["segment_months"]!;
        var list = new JsonArray();
        for (var i = 0; i < (int)evaluation["segments"]!; i++, start += length) list.Add(Segment(prices, $"walk_{i + 1}", start, length, isHoldout: false));
        if ((int?)evaluation["holdout_months"] is > 0 and var held) list.Add(Segment(prices, "holdout", start, held, isHoldout: true));
        stage.Write("runspec.json", new JsonObject
        {
            ["schema_version"] = "runspec_v1",
            ["title"] = source["title"]!.DeepClone(),
            ["strategy"] = Strategy.Read(source).ToJson(),
            ["segments"] = new JsonObject { ["list"] = list },
        });
    }

    private static JsonObject Segment(Prices prices, string id, int start, int length, bool isHoldout)
    {
        if (start + length > prices.Months.Length) throw new InputException($"the segment {id} goes beyond the snapshot's last month {Prices.Text(prices.Months[^1])}");
        return new JsonObject
        {
            ["segment_id"] = id,
            ["from"] = Prices.Text(prices.Months[start]),
            ["to"] = Prices.Text(prices.Months[start + length - 1]),
            ["holdout"] = isHoldout,
        };
    }
}
