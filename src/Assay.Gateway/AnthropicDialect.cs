using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>Anthropic's Messages: Claude Code.</summary>
internal sealed class AnthropicDialect : Dialect
{
    private static readonly FrozenSet<string> Known =
    [
        "model", "messages", "system", "max_tokens", "metadata", "stop_sequences", "stream", "temperature", "top_k", "top_p", "thinking",
        "tools", "tool_choice", "output_config", "output_format", "context_management", "cache_control",
    ];

    /// <summary>Tools with a type that the agent runs itself; all others of the provider's run there.</summary>
    private static readonly string[] OfTheAgent = ["bash_", "text_editor_", "computer_", "memory_"];

    /// <summary>Features that cost more by the token, or reach elsewhere.</summary>
    private static readonly string[] Dear =
        ["context-1m", "fast-mode", "mcp-client", "web-fetch", "web-search", "files-api", "code-execution", "skills"];

    public override (string Header, string Prefix) Key => ("x-api-key", "");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "anthropic-version", "anthropic-beta", "x-app"];

    public override string? HeaderValue(string name, string value)
    {
        if (name != "anthropic-beta") return value;
        var features = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var plain = features.Where(f => !Dear.Any(d => f.StartsWith(d, StringComparison.OrdinalIgnoreCase)));
        return string.Join(',', plain) is { Length: > 0 } rest ? rest : null;
    }

    public override RequestKind Kind(string method, string path) => (method, path) switch
    {
        ("POST", "/v1/messages") => RequestKind.Answer,
        ("POST", "/v1/messages/count_tokens") or ("GET", "/v1/models") => RequestKind.Free,
        _ => RequestKind.Unknown,
    };

    public override IReadOnlyList<string> Clean(JsonObject body, string path)
    {
        List<string> removed = [];
        Keep(body, Known, "", removed);
        KeepTools(body, IsTheAgents, removed);
        foreach (var block in Blocks(body))
        {
            RefuseElsewhere(UntrustedJson.Text(block["type"]) == "container_upload", "a file");
            var isElsewhere = block["source"] is { } source && UntrustedJson.Text(source.Member("type")) is not ("base64" or "text" or "content");
            RefuseElsewhere(isElsewhere, "a picture or document");
        }

        return removed;
    }

    /// <summary>Keeping a part of it costs 1.25 times the input, or twice for an hour.</summary>
    public override long InputAtMost(JsonObject body, long bytes)
    {
        var media = Blocks(body).Sum(b => UntrustedJson.Text(b["type"]) switch
        {
            "image" => PictureTokens,
            "document" => UntrustedJson.Text(b["source"].Member("type")) == "text" ? 0 : DocumentTokens,
            _ => 0,
        });
        var keepsLong = body.ToJsonString().Contains("\"1h\"", StringComparison.Ordinal);
        return (long)Math.Ceiling((bytes + media) * (keepsLong ? 2m : 1.25m));
    }

    public override int Bound(JsonObject body, string path, int most) => Lower(body, "max_tokens", most);

    public override void Count(JsonObject part, TokenCount count)
    {
        if ((part["message"].Member("usage") ?? part["usage"]) is JsonObject usage)
        {
            if (UntrustedJson.Number(usage["input_tokens"]) is { } fresh)
            {
                var read = UntrustedJson.Number(usage["cache_read_input_tokens"]) ?? 0;
                var written = UntrustedJson.Number(usage["cache_creation_input_tokens"]) ?? 0;
                var forAnHour = Math.Min(written, UntrustedJson.Number(usage["cache_creation"].Member("ephemeral_1h_input_tokens")) ?? 0);
                count.Cached = Math.Max(count.Cached ?? 0, read);
                count.Input = Math.Max(count.Input ?? 0, fresh + read + written);
                count.Surcharge = Math.Max(count.Surcharge, (long)Math.Ceiling(((written - forAnHour) * 0.25m) + forAnHour));
            }

            if (UntrustedJson.Number(usage["output_tokens"]) is { } output) count.Output = Math.Max(count.Output ?? 0, output);
            count.IsFinal |= UntrustedJson.Text(part["type"]) is "message_delta" or "message";
        }

        if (part["delta"] is not JsonObject delta) return;
        count.Characters += Length(delta["text"]) + Length(delta["partial_json"]) + Length(delta["thinking"]);
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = status == 400 ? "invalid_request_error" : "api_error", ["message"] = message },
    };

    /// <summary>The blocks of a request, those in the answers of tools included.</summary>
    private static IEnumerable<JsonObject> Blocks(JsonObject body)
    {
        var said = UntrustedJson.Objects(body["messages"]).SelectMany(m => UntrustedJson.Objects(m["content"]));
        var outer = UntrustedJson.Objects(body["system"]).Concat(said).ToList();
        var inner = outer.SelectMany(b => UntrustedJson.Objects(b["content"]).Concat(UntrustedJson.Objects(b["source"].Member("content"))));
        return outer.Concat(inner);
    }

    private static bool IsTheAgents(JsonObject tool) =>
        UntrustedJson.Text(tool["type"]) is var type && (type is null or "custom" || OfTheAgent.Any(t => type.StartsWith(t, StringComparison.Ordinal)));

    private static long Length(JsonNode? text) => UntrustedJson.Text(text)?.Length ?? 0;
}
