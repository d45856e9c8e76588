using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;

namespace Assay.Gateway;

/// <summary>
/// A model that answers by a script, in each dialect: so an agent can be tried without a provider (<c>assay adapter check</c>). It keeps no
/// state: which step it is at, the tool answers in the request tell.
/// </summary>
internal sealed class FakeModel(ModelDialect dialect, FakeScript? script = null) : HttpMessageHandler
{
    private static readonly string[] ShellTools = ["Bash", "run_shell_command", "exec_command", "shell_command", "shell", "local_shell"];

    private readonly FakeScript _script = script ?? FakeScript.Check;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var isCount = path.EndsWith("count_tokens", StringComparison.Ordinal) || path.EndsWith(":countTokens", StringComparison.Ordinal);
        if (request.Content is null || isCount)
        {
            var (none, noModels) = (new JsonArray(), new JsonArray());
            return Json(new JsonObject { ["input_tokens"] = 1, ["totalTokens"] = 1, ["object"] = "list", ["data"] = none, ["models"] = noModels });
        }

        var asked = JsonNode.Parse(await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false))!.AsObject();
        var tools = Tools(asked).ToHashSet(StringComparer.Ordinal);
        var answers = Answers(asked);

        // A request without tools is for a title or a topic, and no step.
        var step = tools.Count == 0 ? new FakeStep(Say: "ok") : _script.Steps[Math.Min(answers, _script.Steps.Length - 1)];
        if (step.Pause > TimeSpan.Zero) await Task.Delay(step.Pause, cancellationToken).ConfigureAwait(false);
        if (step.Status is { } status) return Json(Dialect.Of(dialect).Error(status, "scripted"), status);
        var shell = step.Run is null ? null : ShellTools.FirstOrDefault(tools.Contains) ?? "shell";
        var call = shell is null ? null : Arguments(shell, step.Run!);
        if (dialect == ModelDialect.Anthropic) return Events(Anthropic(asked, answers, shell, call, step.Say), named: true);
        if (dialect == ModelDialect.OpenAi) return Events(OpenAi(asked, answers, shell, call, step.Say), named: true);
        var answer = Gemini(answers, shell, call, tools.Count == 0 && Schema(asked) is { } wanted ? wanted : step.Say ?? "");
        return path.Contains(":stream", StringComparison.Ordinal) ? Events([answer], named: false) : Json(answer);
    }

    private static JsonObject Arguments(string tool, string command) => tool switch
    {
        "Bash" or "run_shell_command" => new JsonObject { ["command"] = command, ["description"] = "scripted" },
        "exec_command" => new JsonObject { ["cmd"] = command },
        "shell_command" => new JsonObject { ["command"] = command },
        _ => new JsonObject { ["command"] = new JsonArray("sh", "-c", command) },
    };

    private static IEnumerable<string> Tools(JsonObject body) => (body["tools"] as JsonArray ?? []).OfType<JsonObject>().SelectMany(tool =>
        tool["functionDeclarations"] is JsonArray declared
            ? declared.Select(d => (string?)d?["name"])
            : new[] { (string?)tool["name"] ?? (string?)tool["type"] }.Concat((tool["tools"] as JsonArray ?? []).Select(t => (string?)t?["name"]))).OfType<string>();

    /// <summary>How many tool calls the request carries the answers of.</summary>
    private static int Answers(JsonObject body)
    {
        var blocks = UntrustedJson.Objects(body["messages"]).SelectMany(m => UntrustedJson.Objects(m["content"]));
        var anthropic = blocks.Count(b => UntrustedJson.Text(b["type"]) == "tool_result");
        var items = UntrustedJson.Objects(body["input"]);
        var openAi = items.Count(i => UntrustedJson.Text(i["type"])?.EndsWith("_output", StringComparison.Ordinal) == true);
        var parts = UntrustedJson.Objects(body["contents"]).SelectMany(c => UntrustedJson.Objects(c["parts"]));
        var gemini = parts.Count(p => p.ContainsKey("functionResponse"));
        return anthropic + openAi + gemini;
    }

    private List<JsonObject> Anthropic(JsonObject asked, int at, string? tool, JsonObject? call, string? say)
    {
        var usage = new JsonObject
        {
            ["input_tokens"] = _script.InputTokens,
            ["cache_creation_input_tokens"] = 0,
            ["cache_read_input_tokens"] = 0,
            ["output_tokens"] = _script.OutputTokens,
        };
        var block = tool is null
            ? new JsonObject { ["type"] = "text", ["text"] = "" }
            : new JsonObject { ["type"] = "tool_use", ["id"] = $"toolu_{at:D6}", ["name"] = tool, ["input"] = new JsonObject() };
        var delta = tool is null
            ? new JsonObject { ["type"] = "text_delta", ["text"] = say }
            : new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = call!.ToJsonString() };
        var stop = tool is null ? "end_turn" : "tool_use";
        var message = new JsonObject
        {
            ["id"] = $"msg_{at:D6}",
            ["type"] = "message",
            ["role"] = "assistant",
            ["model"] = asked["model"]?.DeepClone(),
            ["content"] = new JsonArray(),
            ["stop_reason"] = null,
            ["stop_sequence"] = null,
            ["usage"] = usage.DeepClone(),
        };
        return
        [
            new JsonObject { ["type"] = "message_start", ["message"] = message },
            new JsonObject { ["type"] = "content_block_start", ["index"] = 0, ["content_block"] = block },
            new JsonObject { ["type"] = "content_block_delta", ["index"] = 0, ["delta"] = delta },
            new JsonObject { ["type"] = "content_block_stop", ["index"] = 0 },
            new JsonObject { ["type"] = "message_delta", ["delta"] = new JsonObject { ["stop_reason"] = stop, ["stop_sequence"] = null }, ["usage"] = usage },
            new JsonObject { ["type"] = "message_stop" },
        ];
    }

    private List<JsonObject> OpenAi(JsonObject asked, int at, string? tool, JsonObject? call, string? say)
    {
        var usage = new JsonObject
        {
            ["input_tokens"] = _script.InputTokens,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
            ["output_tokens"] = _script.OutputTokens,
            ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
            ["total_tokens"] = _script.InputTokens + _script.OutputTokens,
        };
        var item = tool is null
            ? new JsonObject
            {
                ["type"] = "message",
                ["id"] = $"msg_{at:D6}",
                ["role"] = "assistant",
                ["status"] = "completed",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = say, ["annotations"] = new JsonArray() }),
            }
            : new JsonObject
            {
                ["type"] = "function_call",
                ["id"] = $"fc_{at:D6}",
                ["call_id"] = $"call_{at:D6}",
                ["name"] = tool,
                ["arguments"] = call!.ToJsonString(),
                ["status"] = "completed",
            };
        JsonObject Response(string status, bool isDone) => new()
        {
            ["id"] = $"resp_{at:D6}",
            ["object"] = "response",
            ["status"] = status,
            ["model"] = asked["model"]?.DeepClone(),
            ["output"] = isDone ? new JsonArray(item.DeepClone()) : new JsonArray(),
            ["usage"] = isDone ? usage.DeepClone() : null,
        };
        return
        [
            new JsonObject { ["type"] = "response.created", ["response"] = Response("in_progress", isDone: false) },
            new JsonObject { ["type"] = "response.output_item.added", ["output_index"] = 0, ["item"] = item.DeepClone() },
            new JsonObject { ["type"] = "response.output_item.done", ["output_index"] = 0, ["item"] = item.DeepClone() },
            new JsonObject { ["type"] = "response.completed", ["response"] = Response("completed", isDone: true) },
        ];
    }

    private JsonObject Gemini(int at, string? tool, JsonObject? call, string say)
    {
        var part = tool is null
            ? new JsonObject { ["text"] = say }
            : new JsonObject { ["functionCall"] = new JsonObject { ["id"] = $"call_{at:D6}", ["name"] = tool, ["args"] = call } };
        return new JsonObject
        {
            ["candidates"] = new JsonArray(new JsonObject
            {
                ["index"] = 0,
                ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray(part) },
                ["finishReason"] = "STOP",
            }),
            ["modelVersion"] = "fake",
            ["responseId"] = $"r{at}",
            ["usageMetadata"] = new JsonObject
            {
                ["promptTokenCount"] = _script.InputTokens,
                ["candidatesTokenCount"] = _script.OutputTokens,
                ["totalTokenCount"] = _script.InputTokens + _script.OutputTokens,
            },
        };
    }

    /// <summary>A document that satisfies the schema which Gemini CLI's own helpers ask for; null: none is asked for.</summary>
    private static string? Schema(JsonObject body)
    {
        var settings = body["generationConfig"];
        if ((settings?["responseJsonSchema"] ?? settings?["responseSchema"])?["properties"] is not JsonObject properties) return null;
        var answer = new JsonObject();
        foreach (var (name, property) in properties)
        {
            answer[name] = ((string?)property?["type"])?.ToLowerInvariant() switch
            {
                "number" or "integer" => 0,
                "boolean" => false,
                _ => property?["enum"] is JsonArray { Count: > 0 } words ? words[0]!.DeepClone() : "ok",
            };
        }

        return answer.ToJsonString();
    }

    private static HttpResponseMessage Json(JsonObject answer, int status = 200) =>
        new((HttpStatusCode)status) { Content = new StringContent(answer.ToJsonString(), Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Events(IReadOnlyList<JsonObject> events, bool named)
    {
        string Name(JsonObject body) => named ? $"event: {(string?)body["type"]}\n" : "";
        var text = string.Concat(events.Select(body => $"{Name(body)}data: {body.ToJsonString()}\n\n"));
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "text/event-stream") };
    }
}

/// <summary>One thing that the fake model does: have a command run, say something, or fail.</summary>
internal sealed record FakeStep(string? Run = null, string? Say = null, int? Status = null)
{
    /// <summary>How long it thinks first.</summary>
    public TimeSpan Pause { get; init; }
}

/// <summary>What the fake model does, step by step, and how many tokens it says each took.</summary>
internal sealed record FakeScript(ImmutableArray<FakeStep> Steps, int InputTokens = 1000, int OutputTokens = 50)
{
    /// <summary>Looks at a file and changes it: what <c>assay adapter check</c> tries.</summary>
    public static readonly FakeScript Check = new(
    [
        new FakeStep(Run: "cat greeting.txt && git --version"), new FakeStep(Run: "printf 'hello\\n' > greeting.txt"), new FakeStep(Say: "Done."),
    ]);
}
