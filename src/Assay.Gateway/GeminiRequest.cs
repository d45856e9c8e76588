using System.Text.Json;
using static Assay.Gateway.Shape;

namespace Assay.Gateway;

/// <summary>What a request to Google's generateContent or countTokens may hold, in the usual spelling of its names.</summary>
internal static class GeminiRequest
{
    public const string Settings = "generationConfig";

    /// <summary>More tokens than are made of one picture.</summary>
    private const long PictureTokens = 6_000;

    private const long DocumentTokens = 300_000;

    /// <summary>More than any model takes at all: a sound or a film of few bytes may be of many hours.</summary>
    private const long WindowTokens = 1_100_000;

    private static readonly Shape File = new Elsewhere("a file");

    private static readonly Members Blob = Object(("mimeType", Plain), ("data", Plain), ("displayName", Plain)) with { Tokens = TokensOf };

    private static readonly Members Part = Object(
        ("text", Plain),
        ("thought", Plain),
        ("thoughtSignature", Plain),
        ("inlineData", Blob),
        ("functionCall", Object(("id", Plain), ("name", Plain), ("args", Data))),
        ("functionResponse", Object(
            ("id", Plain), ("name", Plain), ("response", Data), ("scheduling", Plain), ("willContinue", Plain),
            ("parts", List(Object(("inlineData", Blob), ("fileData", File)) with { Needs = ["inlineData", "fileData"] })))),
        ("fileData", File)) with
    {
        Needs = ["text", "inlineData", "functionCall", "functionResponse", "fileData"],
    };

    private static readonly Members Content = Object(("role", Plain), ("parts", List(Part)));

    private static readonly Members Declaration = Object(
        ("name", Plain), ("description", Plain), ("parameters", Data), ("parametersJsonSchema", Data), ("response", Data),
        ("responseJsonSchema", Data),
        ("behavior", Plain));

    /// <summary>
    /// Tools that the agent runs itself; those of the provider are a way out that nobody sees, at prices that nobody knows.
    /// </summary>
    private static readonly Members Tool = Object(("functionDeclarations", List(Declaration))) with
    {
        Needs = ["functionDeclarations"],
        IsOptional = true,
    };

    public static readonly Members Generate = Object(
        ("contents", List(Content)),
        ("systemInstruction", Content),
        ("tools", List(Tool)),
        ("toolConfig", Object(("functionCallingConfig", Object(
            ("mode", Plain), ("allowedFunctionNames", List(Plain)), ("streamFunctionCallArguments", Plain))))),
        ("safetySettings", List(Object(("category", Plain), ("threshold", Plain), ("method", Plain)))),
        ("cachedContent", new Elsewhere("cachedContent")),
        (Settings, Object(
            ("maxOutputTokens", Ours),
            ("temperature", Plain),
            ("topP", Plain),
            ("topK", Plain),
            ("seed", Plain),
            ("stopSequences", List(Plain)),
            ("responseMimeType", Plain),
            ("responseSchema", Data),
            ("responseJsonSchema", Data),
            ("thinkingConfig", Object(("includeThoughts", Plain), ("thinkingBudget", Plain), ("thinkingLevel", Plain))),
            ("presencePenalty", Plain),
            ("frequencyPenalty", Plain),
            ("responseLogprobs", Plain),
            ("logprobs", Plain))));

    public static readonly Members Count = Object(
        ("contents", List(Content)),
        ("generateContentRequest", new Refused("tokens are counted of contents: a request within the request is not passed on")));

    private static long TokensOf(JsonElement blob)
    {
        var kind = blob.EnumerateObject()
            .Where(m => GeminiDialect.Usual(m.Name) == "mimeType" && m.Value.ValueKind == JsonValueKind.String)
            .Select(m => m.Value.GetString()!).FirstOrDefault() ?? "";
        if (kind.StartsWith("image/", StringComparison.OrdinalIgnoreCase)) return PictureTokens;
        return kind.Equals("application/pdf", StringComparison.OrdinalIgnoreCase) || kind.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            ? DocumentTokens
            : WindowTokens;
    }
}
