using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;

namespace Assay.Jobs;

/// <summary>
/// Events as they are shown. How the process ended that judged the hold-outs is left out: sizes, digests, exit code, memory and time can
/// hold a figure as well as words can. The ledger keeps it all as evidence.
/// </summary>
public static class ShownEvent
{
    private const string Sealed = "sealed";

    /// <summary>What is sealed of an event's data: how a process ended, or what it had printed when its engine died.</summary>
    private static readonly string[] Parts = ["outcome", "partial"];

    /// <summary>
    /// The exact bytes of an event; of one that is sealed the same with a word in the place of its outcome, and in <c>sealed</c> its hash,
    /// by which the chain can still be followed.
    /// </summary>
    public static ReadOnlyMemory<byte> Of(StoredEvent stored)
    {
        if (stored.Stream.Lane != JobLane.LaneName || JsonNode.Parse(stored.Bytes.Span) is not JsonObject shown) return stored.Bytes;
        if (shown["data"] is not JsonObject data || (string?)data["effect_id"] is not { } effect) return stored.Bytes;
        if (JobEffects.StageOf(effect) != JobStages.Holdout || Parts.FirstOrDefault(data.ContainsKey) is not { } part) return stored.Bytes;
        data[part] = Sealed;
        shown[Sealed] = Digest.Of(stored.Bytes.Span).ToString();
        using var document = JsonDocument.Parse(shown.ToJsonString());
        return CanonicalJson.Serialize(document.RootElement);
    }
}
