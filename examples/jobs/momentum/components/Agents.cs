using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>The agent stages, as plain rules: the same idea always leads to the same blueprint, so that the example can be checked.</summary>
internal static class Agents
{
    /// <summary>From an idea to a blueprint: the constraints are taken over, what is silent gets a usual value.</summary>
    public static void Intent(Stage stage)
    {
        var idea = stage.Document("idea_spec");
        var wish = idea["constraints"]?.AsObject() ?? [];
        stage.Write("blueprint.json", new JsonObject
        {
            ["schema_version"] = "blueprint_v1",
            ["title"] = idea["title"]!.DeepClone(),
            ["description"] = idea["description"]!.DeepClone(),
            ["strategy"] = new JsonObject
            {
                ["lookback_months"] = (int?)wish["lookback_months"] ?? 6,
                ["skip_months"] = (int?)wish["skip_months"] ?? 0,
                ["top"] = (int?)wish["shares"] ?? 2,
                ["hold"] = (string?)wish["hold"] ?? "winners",
                ["cost_bps"] = (double?)wish["cost_bps"] ?? 10,
            },
            ["evaluation"] = new JsonObject { ["first_month"] = "2003-01", ["segment_months"] = 24, ["segments"] = 3, ["holdout_months"] = 15 },
        });
    }

    /// <summary>From a blueprint to a specification that leaves nothing open.</summary>
    public static void StrategySpec(Stage stage)
    {
        var blueprint = stage.Document("blueprint");
        var strategy = Strategy.Read(blueprint);
        stage.Write("strategy_spec.json", new JsonObject
        {
            ["schema_version"] = "strategy_spec_v1",
            ["title"] = blueprint["title"]!.DeepClone(),
            ["rationale"] = Reports.Describe(strategy),
            ["strategy"] = strategy.ToJson(),
            ["evaluation"] = blueprint["evaluation"]!.DeepClone(),
        });
    }

    /// <summary>Two neighbours of what was tried: a slower one, and one that spreads more.</summary>
    public static void Improvements(Stage stage)
    {
        var blueprint = stage.Document("blueprint");
        var strategy = Strategy.Read(blueprint);
        var slower = strategy with { LookbackMonths = Math.Min(24, strategy.LookbackMonths + 3) };
        var wider = strategy with { Top = Math.Min(5, strategy.Top + 1) };
        stage.Write("improvements.json", new JsonObject
        {
            ["schema_version"] = "improvements_v1",
            ["proposals"] = new JsonArray(
                Proposal("slower", $"Look back over {slower.LookbackMonths} months", "A longer memory turns over less.", blueprint, slower),
                Proposal("wider", $"Hold {wider.Top} shares", "More shares spread the risk of each.", blueprint, wider)),
        });
    }

    private static JsonObject Proposal(string id, string title, string rationale, JsonObject blueprint, Strategy strategy)
    {
        var changed = blueprint.DeepClone().AsObject();
        changed["title"] = $"{blueprint["title"]}: {title.ToLowerInvariant()}";
        changed["strategy"] = strategy.ToJson();
        return new JsonObject { ["proposal_id"] = id, ["title"] = title, ["rationale"] = rationale, ["blueprint"] = changed };
    }
}
