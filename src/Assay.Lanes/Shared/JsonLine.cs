using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Assay.Kernel.Json;

namespace Assay.Lanes.Shared;

/// <summary>Objects as lines of a file: canonical JSON and a line break.</summary>
internal static class JsonLine
{
    public static byte[] Of(JsonObject line) => [.. Canonical(line), (byte)'\n'];

    public static byte[] Canonical(JsonObject document) => CanonicalJson.Serialize(document, LineJson.Default.JsonObject);
}

[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class LineJson : JsonSerializerContext;
