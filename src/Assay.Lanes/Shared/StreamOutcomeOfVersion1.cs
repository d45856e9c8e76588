using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Shared;

/// <summary>
/// How EFFECT_FINISHED of version 1 said what another stream answered: by a status and a sentence, whatever the lane. This never changes.
/// </summary>
/// <param name="effectId">The effect.</param>
/// <param name="outcome">Its outcome as it was recorded.</param>
internal sealed class StreamOutcomeOfVersion1(string effectId, JsonElement outcome)
{
    private const string Kind = "stream";
    private const string NotPut = "it could not be done: ";

    public string EffectId => effectId;

    public string Status => outcome.GetProperty("status").GetString()!;

    public string? Reason => outcome.TryGetProperty("reason", out var reason) ? reason.GetString() : null;

    /// <summary>A value as it was; null when there was none.</summary>
    public JsonNode? this[string name] =>
        outcome.TryGetProperty(name, out var value) ? JsonSerializer.SerializeToNode(value, LineJson.Default.JsonElement) : null;

    /// <summary>The rule before a sentence, and the sentence.</summary>
    public static (string? Rule, string Message) Split(string reason)
    {
        var colon = reason.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 ? (null, reason) : (reason[..colon], reason[(colon + 2)..]);
    }

    /// <summary>Brings such an event to version 2.</summary>
    /// <param name="answer">The answer of a command that was taken.</param>
    public static Upcast To2(Func<StreamOutcomeOfVersion1, JsonObject> answer) => data =>
    {
        var outcome = data.GetProperty("outcome");
        if (outcome.GetProperty("kind").GetString() != Kind) return data;
        var old = new StreamOutcomeOfVersion1(data.GetProperty("effect_id").GetString()!, outcome);
        var newer = new JsonObject
        {
            ["kind"] = "answer",
            ["stream"] = old["stream"],
            ["answer"] = old.Status == "REFUSED" ? old.Refusal() : answer(old),
        };
        var all = JsonSerializer.SerializeToNode(data, LineJson.Default.JsonElement)!.AsObject();
        all["outcome"] = newer;
        return JsonSerializer.SerializeToElement(all, LineJson.Default.JsonObject);
    };

    private JsonObject Refusal()
    {
        if (Reason!.StartsWith(NotPut, StringComparison.Ordinal))
        {
            return new JsonObject { ["kind"] = "none", ["reason"] = Reason[NotPut.Length..] };
        }

        var (rule, message) = Split(Reason);
        return new JsonObject { ["kind"] = "refused", ["rule"] = rule ?? "refused", ["message"] = message };
    }
}
