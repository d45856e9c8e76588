using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Engine.Performers.Http;

/// <summary>Brings documents of the ledger into the places that a body of JSON has for them. One without parts is null there.</summary>
internal static class BodyPlaces
{
    /// <param name="body">JSON.</param>
    /// <param name="documents">What comes into it.</param>
    /// <param name="blob">Reads a document of the ledger.</param>
    /// <exception cref="HttpTemplateException">The ledger has lost one.</exception>
    public static async ValueTask<byte[]> FillAsync(
        byte[] body, ImmutableArray<JoinedDocument> documents, Func<Digest, ValueTask<byte[]?>> blob)
    {
        var text = Encoding.UTF8.GetString(body);
        var wanted = documents.Where(d => text.Contains(d.Name, StringComparison.Ordinal)).ToList();
        if (wanted.Count == 0) return body;
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var document in wanted) found.Add(document.Name, document.Parts.IsEmpty ? null : await ReadAsync(document, blob));
        using var filled = JsonDocument.Parse(Fill(JsonNode.Parse(body), found)?.ToJsonString() ?? "null");
        return CanonicalJson.Serialize(filled.RootElement);
    }

    private static async ValueTask<string> ReadAsync(JoinedDocument document, Func<Digest, ValueTask<byte[]?>> blob)
    {
        var parts = new Dictionary<Digest, byte[]>();
        foreach (var part in document.Parts)
        {
            if (parts.ContainsKey(part)) continue;
            parts.Add(part, await blob(part) ?? throw new HttpTemplateException($"the ledger does not hold {part}, which the body names"));
        }

        return Encoding.UTF8.GetString(document.Bytes(parts.GetValueOrDefault)!);
    }

    private static JsonNode? Fill(JsonNode? node, Dictionary<string, string?> found) => node switch
    {
        JsonObject map => new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, Fill(p.Value, found)))),
        JsonArray list => new JsonArray([.. list.Select(e => Fill(e, found))]),
        JsonValue value when value.TryGetValue<string>(out var text) => Fill(text, found),
        _ => node?.DeepClone(),
    };

    /// <summary>What one document says is not looked at for places of another.</summary>
    private static JsonNode? Fill(string text, Dictionary<string, string?> found)
    {
        if (found.TryGetValue(text, out var whole)) return whole is null ? null : JsonNode.Parse(whole);
        var filled = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var place = found.Keys.FirstOrDefault(k => string.CompareOrdinal(text, at, k, 0, k.Length) == 0);
            filled.Append(place is null ? text[at] : found[place] ?? "null");
            at += place?.Length ?? 1;
        }

        return JsonValue.Create(filled.ToString());
    }
}
