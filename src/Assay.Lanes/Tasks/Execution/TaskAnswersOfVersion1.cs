using System.Text.Json.Nodes;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>The answers that a run of tasks got, as EFFECT_FINISHED of version 1 recorded them. This never changes.</summary>
internal static class TaskAnswersOfVersion1
{
    public static JsonObject Answer(StreamOutcomeOfVersion1 old) => TaskEffectId.Parse(old.EffectId).Kind switch
    {
        TaskEffectId.Permit => new JsonObject
        {
            ["kind"] = "permit",
            ["status"] = old.Status,
            ["reason"] = old["reason"],
            ["since"] = old["since"],
            ["until"] = old["until"],
        },
        TaskEffectId.Report => new JsonObject { ["kind"] = "report", ["opened"] = old.Status == "OPENED" },
        TaskEffectId.Publish => new JsonObject { ["kind"] = "accepted" },
        _ => new JsonObject { ["kind"] = "patch", ["state"] = old.Status == "NONE" ? null : old.Status, ["reason"] = old["reason"] },
    };
}
