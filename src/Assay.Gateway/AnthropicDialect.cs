using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>Anthropic's Messages: Claude Code.</summary>
internal sealed class AnthropicDialect : Dialect
{
    /// <summary>Features, up to their dates, that cost what the usage of an answer tells, and reach nothing.</summary>
    private static readonly string[] Plain =
    [
        "claude-code", "interleaved-thinking", "thinking-token-count", "redact-thinking", "context-management", "prompt-caching",
        "prompt-caching-scope", "extended-cache-ttl", "mid-conversation-system", "effort", "fine-grained-tool-streaming",
        "token-efficient-tools", "token-counting", "structured-outputs", "advanced-tool-use", "tool-examples", "computer-use", "output-128k",
    ];

    public override (string Header, string Prefix) Key => ("x-api-key", "");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "anthropic-version", "anthropic-beta", "x-app"];

    public override string? HeaderValue(string name, string value)
    {
        if (name == "anthropic-version") return IsDate(value) ? value : null;
        if (name != "anthropic-beta") return value;
        var features = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var plain = features.Where(IsPlain);
        return string.Join(',', plain) is { Length: > 0 } rest ? rest : null;
    }

    public override RequestKind Kind(string method, string path) => (method, path) switch
    {
        ("POST", "/v1/messages") => RequestKind.Answer,
        ("POST", "/v1/messages/count_tokens") or ("GET", "/v1/models") => RequestKind.Free,
        _ => RequestKind.Unknown,
    };

    public override (Shape.Members Shape, string? Last) Table(string path) => (AnthropicRequest.Messages, null);

    /// <summary>Keeping a part of it costs 1.25 times the input, or twice for an hour.</summary>
    public override long InputAtMost(CleanRequest request) =>
        (long)Math.Ceiling(base.InputAtMost(request) * (request.Says("\"1h\""u8) ? 2m : 1.25m));

    public override int Wanted(CleanRequest request, string path, int most) => Lowest(request.Held("max_tokens"), most);

    public override void Bound(CleanRequest request, string path, int tokens) => request.Writer.WriteNumber("max_tokens", tokens);

    public override void Count(JsonObject part, TokenCount count)
    {
        if ((part["message"].Member("usage") ?? part["usage"]) is JsonObject usage)
        {
            // What is sampled besides stands in its iterations alone, and is billed.
            JsonObject[] all = UntrustedJson.Objects(usage["iterations"]).ToArray() is { Length: > 0 } iterations ? iterations : [usage];
            if (Sum(all, "input_tokens") is { } fresh)
            {
                var read = Sum(all, "cache_read_input_tokens") ?? 0;
                var written = Sum(all, "cache_creation_input_tokens") ?? 0;
                var hour = all.Sum(u => UntrustedJson.Number(u["cache_creation"].Member("ephemeral_1h_input_tokens")) ?? 0);
                var forAnHour = Math.Min(written, hour);
                count.Cached = Math.Max(count.Cached ?? 0, read);
                count.Input = Math.Max(count.Input ?? 0, fresh + read + written);
                count.Surcharge = Math.Max(count.Surcharge, (long)Math.Ceiling(((written - forAnHour) * 0.25m) + forAnHour));
            }

            if (Sum(all, "output_tokens") is { } output) count.Output = Math.Max(count.Output ?? 0, output);
            count.IsFinal |= UntrustedJson.Text(part["type"]) is "message_delta" or "message";
        }

        if (part["delta"] is not JsonObject delta) return;
        count.Characters += Length(delta["text"]) + Length(delta["partial_json"]) + Length(delta["thinking"]);
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["type"] = "error",
        ["error"] = new JsonObject
        {
            ["type"] = status switch { 400 => "invalid_request_error", 413 => "request_too_large", _ => "api_error" },
            ["message"] = message,
        },
    };

    public override bool IsUnbilled(int status, JsonObject error) => UntrustedJson.Text(error["type"]) == "error"
        && (status, UntrustedJson.Text(error["error"].Member("type"))) is (529, "overloaded_error") or (500, "api_error");

    private static long? Sum(JsonObject[] usages, string name)
    {
        var told = usages.Select(u => UntrustedJson.Number(u[name])).OfType<long>().Take(1_000).ToList();
        return told.Count == 0 ? null : told.Sum();
    }

    private static long Length(JsonNode? text) => UntrustedJson.Text(text)?.Length ?? 0;

    /// <summary>Whether a feature is one of those, with a date behind its name.</summary>
    private static bool IsPlain(string feature)
    {
        var date = feature.IndexOf("-20", StringComparison.Ordinal);
        return date > 0 && Plain.Contains(feature[..date], StringComparer.Ordinal) && IsDate(feature[(date + 1)..]);
    }

    private static bool IsDate(string text) => text.Length <= 10 && text.All(c => c is '-' or (>= '0' and <= '9'));
}
