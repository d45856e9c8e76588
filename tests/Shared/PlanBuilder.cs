using System.Text.Json;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>Writes plans and crucibles for tests into a folder. The documents can be changed before they are written.</summary>
internal sealed class PlanBuilder(string folder)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public JsonObject Plan { get; } = new()
    {
        ["schema_version"] = "epoch_plan_v1",
        ["epoch_id"] = "EPOCH_TEST",
        ["epoch_profile"] = "COVERAGE",
        ["kernel_identity"] = new JsonObject { ["kernel_target"] = "TARGET" },
        ["seed"] = 7,
        ["crucible_order"] = new JsonArray(),
        ["crucible_specs"] = new JsonObject(),
        ["budgets"] = new JsonObject { ["epoch_wall_clock_ms"] = 60_000, ["per_crucible_timeout_ms"] = 10_000, ["per_crucible_rss_mb"] = 256 },
        ["runner_config"] = new JsonObject { ["template_id"] = "EXIT_CODE_V1" },
    };

    public string PlanPath => Path.Combine(folder, "plan.json");

    /// <summary>Adds a crucible that runs a shell text.</summary>
    public PlanBuilder Add(string id, string shellText, Action<JsonObject>? change = null)
    {
        var crucible = new JsonObject
        {
            ["schema_version"] = "crucible_v1",
            ["crucible_id"] = id,
            ["kernel_targets"] = new JsonArray("TARGET"),
            ["command"] = new JsonArray("sh", "-c", shellText),
        };
        change?.Invoke(crucible);
        Plan["crucible_order"]!.AsArray().Add(id);
        Plan["crucible_specs"]!.AsObject()[id] = $"{id}.json";
        Write($"{id}.json", crucible);
        return this;
    }

    /// <summary>Writes the plan and returns its path.</summary>
    public string Write()
    {
        Write("plan.json", Plan);
        return PlanPath;
    }

    public void Write(string name, JsonNode document)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, name), document.ToJsonString(Indented));
    }
}
