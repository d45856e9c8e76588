using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Epochs;

/// <summary>What an epoch that has ended answers to the ladder that ran it.</summary>
/// <param name="Verdict">Its verdict.</param>
/// <param name="End">Why it ended early; null: it did not.</param>
/// <param name="Counts">False for an epoch that no gate may count, such as a shadow run.</param>
internal sealed record EpochAnswer(EpochVerdict Verdict, EndReason? End, bool Counts) : StreamAnswer
{
    /// <summary>Brings EFFECT_FINISHED of version 1, which knew children apart from other streams, to version 2. This never changes.</summary>
    internal static JsonElement Of1(JsonElement data)
    {
        var all = JsonObject.Create(data)!;
        var old = all["outcome"]!.AsObject();
        if ((string?)old["kind"] != "child") return data;
        all["outcome"] = new JsonObject
        {
            ["kind"] = "answer",
            ["stream"] = EpochLane.StreamOf((string)old["child_id"]!).ToString(),
            ["answer"] = old["verdict"] is { } verdict
                ? new JsonObject
                {
                    ["kind"] = "epoch",
                    ["verdict"] = verdict.DeepClone(),
                    ["end"] = old["reason"]?.DeepClone(),
                    ["counts"] = old["counts"]!.DeepClone(),
                }
                : new JsonObject { ["kind"] = "none", ["reason"] = old["reason"]?.DeepClone() },
        };
        return JsonDocument.Parse(all.ToJsonString()).RootElement.Clone();
    }
}
