using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Json;

namespace Assay.Lanes.Shared;

/// <summary>
/// Reads what an agent prints, a line of JSON for each thing it does, into one record. All of it is a stranger's: what cannot be read is
/// counted, and what is not told stays unknown.
/// </summary>
internal sealed class AgentStream
{
    private const int MaxTextChars = 300;

    /// <summary>More tokens than anybody can have counted; as many of these as one output holds can be added up.</summary>
    private const long MostTokens = 1L << 40;

    private int _turns;
    private int _calls;
    private int _errors;
    private int _retries;
    private int _unread;
    private bool _saidSomething;
    private AgentRecord _record = new();

    /// <summary>The record of an agent's whole output.</summary>
    public static AgentRecord Read(ReadOnlySpan<byte> output)
    {
        var stream = new AgentStream();
        foreach (var range in output.Split((byte)'\n'))
        {
            var line = output[range].Trim(" \r\t"u8);
            if (!line.IsEmpty) stream.Take(line);
        }

        return stream._record with
        {
            Turns = stream._turns,
            ToolCalls = stream._calls,
            ToolErrors = stream._errors,
            Retries = stream._retries,
            UnreadLines = stream._unread,
        };
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = StrictJson.UntrustedDepth });
            if (JsonNode.Parse(ref reader) is not JsonObject entry)
            {
                _unread++;
                return;
            }

            OfClaude(entry, Text(entry["type"]), Text(entry["subtype"]));
            OfCodex(entry, Text(entry["type"]));
            OfGemini(entry, Text(entry["type"]));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // ArgumentException: a key that stands there twice.
            _unread++;
        }
    }

    private void OfClaude(JsonObject entry, string? kind, string? detail)
    {
        switch (kind, detail)
        {
            case ("system", "init"):
                _record = _record with { Agent = Cut($"claude-code {Text(entry["claude_code_version"])}"), Model = Cut(Text(entry["model"])), Session = Cut(Text(entry["session_id"])) };
                break;
            case ("system", "api_retry"):
                _retries++;
                _record = _record with { Error = Cut(Text(entry["error"])) };
                break;
            case ("assistant", _):
                _turns++;
                _calls += Parts(entry).Count(p => Text(p["type"]) == "tool_use");
                break;
            case ("user", _):
                _errors += Parts(entry).Count(p => Text(p["type"]) == "tool_result" && p["is_error"] is JsonValue error && error.TryGetValue<bool>(out var isError) && isError);
                break;
            case ("result", not null):
                var models = (entry["modelUsage"] as JsonObject)?.Select(m => m.Value).OfType<JsonObject>().ToList();
                long? Total(string key) => models is { Count: > 0 } ? models.Sum(m => Number(m[key]) ?? 0) : null;
                var failed = entry["is_error"] is JsonValue flag && flag.TryGetValue<bool>(out var isFailed) && isFailed;
                _record = _record with
                {
                    CostUsd = entry["total_cost_usd"] is JsonValue cost && cost.TryGetValue<decimal>(out var usd) && usd >= 0 ? usd : null,
                    End = detail == "success" && failed ? "error" : Cut(detail),
                    InputTokens = Total("inputTokens"),
                    CachedTokens = Total("cacheReadInputTokens"),
                    OutputTokens = Total("outputTokens"),
                    Error = failed ? Cut(Text(entry["result"]) ?? detail) : null,
                };
                break;
        }
    }

    private void OfCodex(JsonObject entry, string? kind)
    {
        switch (kind)
        {
            case "thread.started":
                _record = _record with { Agent = "codex", Session = Cut(Text(entry["thread_id"])) };
                break;
            case "item.completed" when entry["item"] is JsonObject item:
                switch (Text(item["type"]))
                {
                    case "agent_message":
                        _turns++;
                        break;
                    case "command_execution" or "file_change" or "mcp_tool_call" or "web_search":
                        _turns++;
                        _calls++;
                        if (Text(item["status"]) == "failed") _errors++;
                        break;
                }

                break;
            case "turn.completed":
                var usage = entry["usage"];
                _record = _record with
                {
                    End = "success",
                    Error = null,
                    InputTokens = Number(usage?["input_tokens"]),
                    CachedTokens = Number(usage?["cached_input_tokens"]),
                    OutputTokens = Number(usage?["output_tokens"]),
                };
                break;
            case "turn.failed":
                _record = _record with { End = "error", Error = Cut(Text(entry["error"]?["message"])) };
                break;
            case "error":
                if (Text(entry["message"])?.StartsWith("Reconnecting", StringComparison.Ordinal) == true) _retries++;
                break;
        }
    }

    private void OfGemini(JsonObject entry, string? kind)
    {
        switch (kind)
        {
            case "init":
                _record = _record with { Agent = "gemini-cli", Model = Cut(Text(entry["model"])), Session = Cut(Text(entry["session_id"])) };
                break;
            case "tool_use":
                _turns++;
                _calls++;
                _saidSomething = false;
                break;
            case "tool_result":
                if (Text(entry["status"]) == "error") _errors++;
                break;
            case "message" when Text(entry["role"]) == "assistant" && !_saidSomething:
                _turns++;
                _saidSomething = true;
                break;
            case "result" when entry["status"] is not null:
                var stats = entry["stats"];
                _record = _record with
                {
                    End = Cut(Text(entry["status"])),
                    Error = Cut(Text(entry["error"]?["message"])),
                    InputTokens = Number(stats?["input_tokens"]),
                    CachedTokens = Number(stats?["cached"]),
                    OutputTokens = Number(stats?["output_tokens"]),
                };
                break;
        }
    }

    private static IEnumerable<JsonObject> Parts(JsonObject entry) => (entry["message"]?["content"] as JsonArray ?? []).OfType<JsonObject>();

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) && number >= 0 ? Math.Min(number, MostTokens) : null;

    private static string? Cut(string? text) => text is null ? null : BoundedText.Cut(text, MaxTextChars);
}

/// <summary>What an agent did, as it says itself.</summary>
internal sealed record AgentRecord
{
    /// <summary>The program and its version, as far as it tells.</summary>
    public string? Agent { get; init; }

    public string? Model { get; init; }

    public string? Session { get; init; }

    public int Turns { get; init; }

    public int ToolCalls { get; init; }

    /// <summary>Tool calls that failed: an agent whose tools are broken ends well all the same.</summary>
    public int ToolErrors { get; init; }

    /// <summary>Null: not told.</summary>
    public long? InputTokens { get; init; }

    public long? CachedTokens { get; init; }

    public long? OutputTokens { get; init; }

    /// <summary>Null: not told.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>Requests to its model that it made again.</summary>
    public int Retries { get; init; }

    /// <summary>How it says that it ended; null: it did not come to say so.</summary>
    public string? End { get; init; }

    public string? Error { get; init; }

    /// <summary>Lines that are no JSON object.</summary>
    public int UnreadLines { get; init; }
}
