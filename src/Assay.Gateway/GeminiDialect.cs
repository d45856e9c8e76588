using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>Google's generateContent: Gemini CLI.</summary>
internal sealed class GeminiDialect : Dialect
{
    private const string Models = "/v1beta/models/";

    public override (string Header, string Prefix) Key => ("x-goog-api-key", "");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "x-goog-api-client"];

    public override RequestKind Kind(string method, string path) => (method, Action(path)) switch
    {
        ("POST", "generateContent" or "streamGenerateContent") => RequestKind.Answer,
        ("POST", "countTokens") => RequestKind.Free,
        _ => RequestKind.Unknown,
    };

    public override string Query(string path) => Action(path) == "streamGenerateContent" ? "?alt=sse" : "";

    public override (Shape.Members Shape, string? Last) Table(string path) =>
        Action(path) == "countTokens" ? (GeminiRequest.Count, null) : (GeminiRequest.Generate, GeminiRequest.Settings);

    /// <summary>Google takes each name in two spellings.</summary>
    public override string Spell(string name) => Usual(name);

    public override (string? Asked, string Path) PutModel(CleanRequest request, string path, string model)
    {
        var colon = path.LastIndexOf(':');
        return (path[Models.Length..colon], $"{Models}{Uri.EscapeDataString(model)}{path[colon..]}");
    }

    public override int Wanted(CleanRequest request, string path, int most) => Lowest(request.Held("maxOutputTokens"), most);

    public override void Bound(CleanRequest request, string path, int tokens) => request.Writer.WriteNumber("maxOutputTokens", tokens);

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
            ["status"] = status is 400 or 413 ? "INVALID_ARGUMENT" : "UNAVAILABLE",
        },
    };

    public override bool IsUnbilled(int status, JsonObject error) =>
        (status, UntrustedJson.Text(error["error"].Member("status"))) is (503, "UNAVAILABLE") or (500, "INTERNAL");

    public static string Usual(string name)
    {
        if (!name.Contains('_', StringComparison.Ordinal)) return name;
        var words = name.Split('_', StringSplitOptions.RemoveEmptyEntries);
        return string.Concat(words.Select((w, i) => i == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..]));
    }

    private static string? Action(string path) =>
        path.StartsWith(Models, StringComparison.Ordinal) && path.LastIndexOf(':') is var colon && colon > Models.Length
            ? path[(colon + 1)..]
            : null;
}
