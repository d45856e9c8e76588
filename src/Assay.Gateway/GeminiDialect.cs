using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>Google's generateContent: Gemini CLI.</summary>
internal sealed class GeminiDialect : Dialect
{
    private const string Models = "/v1beta/models/";
    private const string Settings = "generationConfig";
    private const string Declarations = "functionDeclarations";

    private static readonly FrozenSet<string> Known = ["contents", "systemInstruction", "tools", "toolConfig", Settings, "safetySettings"];

    public override (string Header, string Prefix) Key => ("x-goog-api-key", "");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "x-goog-api-client"];

    public override RequestKind Kind(string method, string path) => (method, Action(path)) switch
    {
        ("POST", "generateContent" or "streamGenerateContent") => RequestKind.Answer,
        ("POST", "countTokens") => RequestKind.Free,
        _ => RequestKind.Unknown,
    };

    public override string Query(string path) => Action(path) == "streamGenerateContent" ? "?alt=sse" : "";

    public override (string? Asked, string Path) PutModel(JsonObject body, string path, string model)
    {
        var colon = path.LastIndexOf(':');
        return (path[Models.Length..colon], $"{Models}{Uri.EscapeDataString(model)}{path[colon..]}");
    }

    public override IReadOnlyList<string> Clean(JsonObject body, string path)
    {
        List<string> removed = [];
        if (Action(path) == "countTokens") return removed;
        Spell(body);
        RefuseElsewhere(body["cachedContent"] is not null, "cachedContent");
        Keep(body, Known, "", removed);
        if (body[Settings] is JsonObject settings)
        {
            Spell(settings);
            Remove(settings, "candidateCount", $"{Settings}/", removed);
        }

        foreach (var tool in UntrustedJson.Objects(body["tools"]))
        {
            Spell(tool);
            Keep(tool, [Declarations], "tools/", removed);
        }

        if (body["tools"] is JsonArray tools) tools.RemoveAll(t => t is JsonObject { Count: 0 });

        foreach (var part in Parts(body)) RefuseElsewhere((part["fileData"] ?? part["file_data"]) is not null, "a file");
        return removed;
    }

    public override long InputAtMost(JsonObject body, long bytes) => bytes + Parts(body).Sum(p =>
    {
        if ((p["inlineData"] ?? p["inline_data"]) is not JsonObject data) return 0;
        var kind = UntrustedJson.Text(data["mimeType"] ?? data["mime_type"]) ?? "";
        return kind.StartsWith("image/", StringComparison.Ordinal) ? PictureTokens : DocumentTokens;
    });

    public override int Bound(JsonObject body, string path, int most)
    {
        if (body[Settings] is not JsonObject settings) body[Settings] = settings = [];
        return Lower(settings, "maxOutputTokens", most);
    }

    public override void Count(JsonObject part, TokenCount count)
    {
        if (part["usageMetadata"] is JsonObject usage)
        {
            count.Input = UntrustedJson.Number(usage["promptTokenCount"]) ?? count.Input;
            count.Cached = UntrustedJson.Number(usage["cachedContentTokenCount"]) ?? count.Cached;
            var thoughts = UntrustedJson.Number(usage["thoughtsTokenCount"]) ?? 0;
            count.Output = (UntrustedJson.Number(usage["candidatesTokenCount"]) ?? 0) + thoughts;
            count.IsFinal = part["candidates"] is JsonArray { Count: > 0 } ended && ended[0].Member("finishReason") is not null;
        }

        if (part["candidates"] is not JsonArray { Count: > 0 } candidates) return;
        count.Characters += candidates[0].Member("content")?.ToJsonString().Length ?? 0;
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = status,
            ["message"] = message,
            ["status"] = status == 400 ? "INVALID_ARGUMENT" : "UNAVAILABLE",
        },
    };

    private static IEnumerable<JsonObject> Parts(JsonObject body)
    {
        var contents = UntrustedJson.Objects(body["contents"]).Append(body["systemInstruction"] as JsonObject ?? []);
        var outer = contents.SelectMany(c => UntrustedJson.Objects(c["parts"])).ToList();
        return outer.Concat(outer.SelectMany(p => UntrustedJson.Objects((p["functionResponse"] ?? p["function_response"]).Member("parts"))));
    }

    /// <summary>
    /// Google takes each name in two spellings; here there is one. A name that stands in both is what it is in the usual one.
    /// </summary>
    private static void Spell(JsonObject parent)
    {
        foreach (var (name, value) in parent.Where(p => p.Key.Contains('_', StringComparison.Ordinal)).ToList())
        {
            parent.Remove(name);
            var words = name.Split('_', StringSplitOptions.RemoveEmptyEntries);
            var usual = string.Concat(words.Select((w, i) => i == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..]));
            if (usual.Length > 0 && !parent.ContainsKey(usual)) parent[usual] = value;
        }
    }

    private static string? Action(string path) =>
        path.StartsWith(Models, StringComparison.Ordinal) && path.LastIndexOf(':') is var colon && colon > Models.Length
            ? path[(colon + 1)..]
            : null;
}
