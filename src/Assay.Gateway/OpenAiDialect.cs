using System.Text.Json;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>OpenAI's Responses and Chat Completions: Codex.</summary>
internal sealed class OpenAiDialect : Dialect
{
    private const string Responses = "/v1/responses";

    public override (string Header, string Prefix) Key => ("authorization", "Bearer ");

    public override IReadOnlyList<string> Passed => [.. base.Passed, "openai-beta", "originator"];

    public override string? HeaderValue(string name, string value) =>
        name == "openai-beta" && value != "responses=experimental" ? null : value;

    public override RequestKind Kind(string method, string path) => (method, path) switch
    {
        ("POST", Responses or "/v1/chat/completions") => RequestKind.Answer,
        ("GET", "/v1/models") => RequestKind.Free,
        _ => RequestKind.Unknown,
    };

    public override (Shape.Members Shape, string? Last) Table(string path) =>
        (path == Responses ? OpenAiRequest.Responses : OpenAiRequest.Chat, null);

    /// <summary>The model, and no answer that is kept where a later request could refer to it.</summary>
    public override (string? Asked, string Path) PutModel(CleanRequest request, string path, string model)
    {
        if (request.Held("store") is { } store)
        {
            if (store.ValueKind != JsonValueKind.False) request.Remove("store");
            request.Writer.WriteBoolean("store", false);
        }

        return base.PutModel(request, path, model);
    }

    public override int Wanted(CleanRequest request, string path, int most) => path == Responses
        ? Lowest(request.Held("max_output_tokens"), most)
        : Lowest(request.Held("max_completion_tokens"), Lowest(request.Held("max_tokens"), most));

    public override void Bound(CleanRequest request, string path, int tokens)
    {
        if (path == Responses)
        {
            request.Writer.WriteNumber("max_output_tokens", tokens);
            return;
        }

        // Of two limits servers take the one or the other.
        var isOld = request.Held("max_tokens") is not null && request.Held("max_completion_tokens") is null;
        request.Writer.WriteNumber(isOld ? "max_tokens" : "max_completion_tokens", tokens);
        if (request.Held("stream") is not { ValueKind: JsonValueKind.True }) return;
        request.Writer.WriteStartObject("stream_options");
        request.Writer.WriteBoolean("include_usage", true);
        request.Writer.WriteEndObject();
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
            ["type"] = status is 400 or 413 ? "invalid_request_error" : "server_error",
            ["code"] = null,
        },
    };

    public override bool IsUnbilled(int status, JsonObject error) =>
        (status, UntrustedJson.Text(error["error"].Member("type"))) is (500 or 503, "server_error");
}
