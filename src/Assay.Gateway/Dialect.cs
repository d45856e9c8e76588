using System.Text.Json.Nodes;
using Assay.Kernel.Effects;

namespace Assay.Gateway;

/// <summary>
/// What differs between the ways in which models are spoken to: paths, keys, where the model's name and the most of an answer stand, where
/// tokens are counted, and how an error looks.
/// </summary>
internal abstract class Dialect
{
    public static Dialect Of(ModelDialect dialect) => dialect switch
    {
        ModelDialect.Anthropic => new AnthropicDialect(),
        ModelDialect.OpenAi => new OpenAiDialect(),
        ModelDialect.Gemini => new GeminiDialect(),
        _ => throw new ArgumentOutOfRangeException(nameof(dialect), dialect, null),
    };

    /// <summary>The header in which the key goes, and what stands before it there.</summary>
    public abstract (string Header, string Prefix) Key { get; }

    /// <summary>Headers of the agent that the model needs to see.</summary>
    public virtual IReadOnlyList<string> Passed => ["accept", "content-type", "user-agent"];

    /// <summary>What a path asks for.</summary>
    public abstract Asked Kind(string method, string path);

    /// <summary>Puts the declared model in the place of the one that was asked for, and returns that one and the path to ask.</summary>
    public virtual (string? Asked, string Path) Name(JsonObject body, string path, string model)
    {
        var asked = (string?)body["model"];
        body["model"] = model;
        return (asked, path);
    }

    /// <summary>
    /// Has there be one answer at the plain price, which ends at so many tokens at most; returns how many that are. What would make it dearer
    /// is taken out: several answers to one request, a faster service, an answer that goes on by itself.
    /// </summary>
    public abstract int Limit(JsonObject body, int most);

    /// <summary>Takes in one event of an answer, or a whole answer.</summary>
    public abstract void Count(JsonObject part, TokenCount count);

    /// <summary>An error in this dialect's words.</summary>
    public abstract JsonObject Error(int status, string message);

    /// <summary>A number of a JSON object; null when it is none.</summary>
    protected static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) && number >= 0 ? number : null;

    /// <summary>Lowers a limit to the most, or sets it where there is none.</summary>
    protected static int Lower(JsonObject parent, string key, int most)
    {
        var limit = (int)Math.Min(Number(parent[key]) ?? most, most);
        parent[key] = limit;
        return limit;
    }
}

/// <summary>What a request is.</summary>
internal enum Asked
{
    /// <summary>Nothing that a gateway passes on.</summary>
    Unknown,

    /// <summary>An answer of the model, which costs.</summary>
    Answer,

    /// <summary>Something that costs nothing: a list of models, a count of tokens.</summary>
    Free,
}

/// <summary>Tokens of one request, as far as the model has told them.</summary>
internal sealed class TokenCount
{
    /// <summary>All that was sent, what was cached among it; null: not told.</summary>
    public long? Input { get; set; }

    public long? Cached { get; set; }

    public long? Output { get; set; }

    /// <summary>Whether the output is final, or only what there was at some moment.</summary>
    public bool IsFinal { get; set; }

    /// <summary>Characters of the answer so far.</summary>
    public long Characters { get; set; }
}

/// <summary>Anthropic's Messages: Claude Code.</summary>
internal sealed class AnthropicDialect : Dialect
{
    public override (string Header, string Prefix) Key => ("x-api-key", "");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "anthropic-version", "anthropic-beta", "x-app"];

    public override Asked Kind(string method, string path) => (method, path) switch
    {
        ("POST", "/v1/messages") => Asked.Answer,
        ("POST", "/v1/messages/count_tokens") or ("GET", "/v1/models") => Asked.Free,
        _ => Asked.Unknown,
    };

    public override int Limit(JsonObject body, int most)
    {
        body.Remove("service_tier");
        return Lower(body, "max_tokens", most);
    }

    public override void Count(JsonObject part, TokenCount count)
    {
        var usage = (part["message"]?["usage"] ?? part["usage"]) as JsonObject;
        if (usage is not null)
        {
            if (Number(usage["input_tokens"]) is { } fresh)
            {
                var cached = Number(usage["cache_read_input_tokens"]) ?? 0;
                count.Cached = Math.Max(count.Cached ?? 0, cached);
                count.Input = Math.Max(count.Input ?? 0, fresh + cached + (Number(usage["cache_creation_input_tokens"]) ?? 0));
            }

            count.Output = Math.Max(count.Output ?? 0, Number(usage["output_tokens"]) ?? 0);
            count.IsFinal |= (string?)part["type"] is "message_delta" or "message";
        }

        if (part["delta"] is JsonObject delta) count.Characters += Length(delta["text"]) + Length(delta["partial_json"]) + Length(delta["thinking"]);
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = status == 400 ? "invalid_request_error" : "api_error", ["message"] = message },
    };

    private static long Length(JsonNode? text) => text is JsonValue value && value.TryGetValue<string>(out var words) ? words.Length : 0;
}

/// <summary>OpenAI's Responses and Chat Completions: Codex.</summary>
internal sealed class OpenAiDialect : Dialect
{
    public override (string Header, string Prefix) Key => ("authorization", "Bearer ");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "openai-beta", "session_id", "originator"];

    public override Asked Kind(string method, string path) => (method, path) switch
    {
        ("POST", "/v1/responses" or "/v1/chat/completions") => Asked.Answer,
        ("GET", "/v1/models") => Asked.Free,
        _ => Asked.Unknown,
    };

    public override int Limit(JsonObject body, int most)
    {
        foreach (var dear in new[] { "n", "service_tier", "background" }) body.Remove(dear);
        if (body.ContainsKey("input")) return Lower(body, "max_output_tokens", most);
        if (body["stream"] is JsonValue stream && stream.TryGetValue<bool>(out var streams) && streams)
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        return Lower(body, body.ContainsKey("max_tokens") ? "max_tokens" : "max_completion_tokens", most);
    }

    public override void Count(JsonObject part, TokenCount count)
    {
        if ((part["response"]?["usage"] ?? part["usage"]) is JsonObject usage)
        {
            count.Input = Number(usage["input_tokens"]) ?? Number(usage["prompt_tokens"]) ?? count.Input;
            count.Output = Number(usage["output_tokens"]) ?? Number(usage["completion_tokens"]) ?? count.Output;
            count.Cached = Number((usage["input_tokens_details"] ?? usage["prompt_tokens_details"])?["cached_tokens"]) ?? count.Cached;
            count.IsFinal = true;
        }

        if (part["delta"] is JsonValue delta && delta.TryGetValue<string>(out var words)) count.Characters += words.Length;
        if (part["choices"] is JsonArray { Count: > 0 } choices && choices[0]?["delta"] is JsonObject chunk) count.Characters += chunk.ToJsonString().Length;
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = status == 400 ? "invalid_request_error" : "server_error", ["code"] = null },
    };
}

/// <summary>Google's generateContent: Gemini CLI.</summary>
internal sealed class GeminiDialect : Dialect
{
    private const string Models = "/v1beta/models/";

    public override (string Header, string Prefix) Key => ("x-goog-api-key", "");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "x-goog-api-client"];

    public override Asked Kind(string method, string path) => (method, path.StartsWith(Models, StringComparison.Ordinal) ? Action(path) : null) switch
    {
        ("POST", "generateContent" or "streamGenerateContent") => Asked.Answer,
        ("POST", "countTokens") => Asked.Free,
        _ => Asked.Unknown,
    };

    public override (string? Asked, string Path) Name(JsonObject body, string path, string model)
    {
        var colon = path.LastIndexOf(':');
        return (path[Models.Length..colon], $"{Models}{Uri.EscapeDataString(model)}{path[colon..]}");
    }

    public override int Limit(JsonObject body, int most)
    {
        if (body["generationConfig"] is not JsonObject settings) body["generationConfig"] = settings = [];
        settings.Remove("candidateCount");
        return Lower(settings, "maxOutputTokens", most);
    }

    public override void Count(JsonObject part, TokenCount count)
    {
        if (part["usageMetadata"] is JsonObject usage)
        {
            count.Input = Number(usage["promptTokenCount"]) ?? count.Input;
            count.Cached = Number(usage["cachedContentTokenCount"]) ?? count.Cached;
            count.Output = (Number(usage["candidatesTokenCount"]) ?? 0) + (Number(usage["thoughtsTokenCount"]) ?? 0);
            count.IsFinal = part["candidates"] is JsonArray { Count: > 0 } ended && ended[0]?["finishReason"] is not null;
        }

        if (part["candidates"] is JsonArray { Count: > 0 } candidates) count.Characters += candidates[0]?["content"]?.ToJsonString().Length ?? 0;
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["error"] = new JsonObject { ["code"] = status, ["message"] = message, ["status"] = status == 400 ? "INVALID_ARGUMENT" : "UNAVAILABLE" },
    };

    private static string? Action(string path) => path.LastIndexOf(':') is var colon and > 0 ? path[(colon + 1)..] : null;
}
