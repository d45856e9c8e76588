using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>OpenAI's Responses and Chat Completions: Codex.</summary>
internal sealed class OpenAiDialect : Dialect
{
    private const string Responses = "/v1/responses";

    private static readonly FrozenSet<string> OfResponses =
    [
        "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "store", "stream", "include", "text",
        "temperature", "top_p", "max_output_tokens", "metadata", "client_metadata", "prompt_cache_key", "safety_identifier", "user",
        "truncation",
    ];

    private static readonly FrozenSet<string> OfChat =
    [
        "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "reasoning_effort", "response_format", "stream", "temperature",
        "top_p", "stop", "seed", "max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
        "top_logprobs", "metadata", "store", "user", "prompt_cache_key", "safety_identifier", "functions", "function_call", "verbosity",
    ];

    private static readonly FrozenSet<string> OfTheAgent = ["function", "custom", "local_shell", "apply_patch", "namespace"];

    /// <summary>What stands with the provider, and is read as if it had been sent.</summary>
    private static readonly string[] Kept = ["previous_response_id", "conversation", "prompt"];

    public override (string Header, string Prefix) Key => ("authorization", "Bearer ");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "openai-beta", "session_id", "originator"];

    public override RequestKind Kind(string method, string path) => (method, path) switch
    {
        ("POST", Responses or "/v1/chat/completions") => RequestKind.Answer,
        ("GET", "/v1/models") => RequestKind.Free,
        _ => RequestKind.Unknown,
    };

    public override IReadOnlyList<string> Clean(JsonObject body, string path)
    {
        List<string> removed = [];
        foreach (var kept in Kept) RefuseElsewhere(path == Responses && body[kept] is not null, kept);
        Keep(body, path == Responses ? OfResponses : OfChat, "", removed);
        KeepTools(body, t => UntrustedJson.Text(t["type"]) is { } type && OfTheAgent.Contains(type), removed);
        foreach (var part in Parts(body))
        {
            RefuseElsewhere(UntrustedJson.Text(part["type"]) == "item_reference", "an item");
            RefuseElsewhere((part["file_id"] ?? part["file_url"] ?? part["file"].Member("file_id")) is not null, "a file");
            RefuseElsewhere(Picture(part) is { } address && !address.StartsWith("data:", StringComparison.OrdinalIgnoreCase), "a picture");
        }

        return removed;
    }

    public override long InputAtMost(JsonObject body, long bytes) => bytes + Parts(body).Sum(p => UntrustedJson.Text(p["type"]) switch
    {
        "input_image" or "image_url" => PictureTokens,
        "input_file" or "file" => DocumentTokens,
        _ => 0,
    });

    public override int Bound(JsonObject body, string path, int most)
    {
        if (path == Responses) return Lower(body, "max_output_tokens", most);
        if (body["stream"] is JsonValue stream && stream.TryGetValue<bool>(out var streams) && streams)
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        // Of two limits servers take the one or the other.
        if (!body.ContainsKey("max_tokens") || body.ContainsKey("max_completion_tokens"))
        {
            most = (int)Math.Min(UntrustedJson.Number(body["max_tokens"]) ?? most, most);
            body.Remove("max_tokens");
            return Lower(body, "max_completion_tokens", most);
        }

        return Lower(body, "max_tokens", most);
    }

    public override void Count(JsonObject part, TokenCount count)
    {
        if ((part["response"].Member("usage") ?? part["usage"]) is JsonObject usage)
        {
            count.Input = UntrustedJson.Number(usage["input_tokens"]) ?? UntrustedJson.Number(usage["prompt_tokens"]) ?? count.Input;
            count.Output = UntrustedJson.Number(usage["output_tokens"]) ?? UntrustedJson.Number(usage["completion_tokens"]) ?? count.Output;
            var details = usage["input_tokens_details"] ?? usage["prompt_tokens_details"];
            count.Cached = UntrustedJson.Number(details.Member("cached_tokens")) ?? count.Cached;
            count.IsFinal = true;
        }

        count.Characters += UntrustedJson.Text(part["delta"])?.Length ?? 0;
        var chunk = UntrustedJson.Objects(part["choices"]).FirstOrDefault().Member("delta") as JsonObject;
        count.Characters += chunk?.ToJsonString().Length ?? 0;
    }

    public override JsonObject Error(int status, string message) => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = message,
            ["type"] = status == 400 ? "invalid_request_error" : "server_error",
            ["code"] = null,
        },
    };

    /// <summary>The items of a request, and what they hold: messages, and the answers of tools.</summary>
    private static IEnumerable<JsonObject> Parts(JsonObject body)
    {
        var items = UntrustedJson.Objects(body["input"]).Concat(UntrustedJson.Objects(body["messages"])).ToList();
        return items.Concat(items.SelectMany(i => UntrustedJson.Objects(i["content"]).Concat(UntrustedJson.Objects(i["output"]))));
    }

    private static string? Picture(JsonObject part) =>
        UntrustedJson.Text(part["image_url"]) ?? UntrustedJson.Text(part["image_url"].Member("url"));
}
