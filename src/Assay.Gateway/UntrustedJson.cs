using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;

namespace Assay.Gateway;

/// <summary>JSON of an agent or of a provider: bounded in depth, each key once, each number of a size that can be summed.</summary>
internal static class UntrustedJson
{
    /// <summary>More of anything than this no request has; whoever counts more is cut there.</summary>
    private const long MostCounted = 1L << 40;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = StrictJson.UntrustedDepth, AllowDuplicateProperties = false };

    /// <summary>A document, or null where there is none.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonNode.Parse(bytes, documentOptions: Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A document that stands on the bytes given, or null where there is none.</summary>
    public static JsonDocument? Document(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A count; null where there is none.</summary>
    public static long? Number(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<long>(out var number) && number >= 0 ? Math.Min(number, MostCounted) : null;

    /// <summary>A count; null where there is none.</summary>
    public static long? Number(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var count) && count >= 0
            ? Math.Min(count, MostCounted)
            : null;

    /// <summary>A text; null where there is none.</summary>
    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A member of an object; null where the node is none, or has no such member.</summary>
    public static JsonNode? Member(this JsonNode? node, string name) => (node as JsonObject)?[name];

    /// <summary>The objects in an array; none where it is none.</summary>
    public static IEnumerable<JsonObject> Objects(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];
}
