using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Microsoft.AspNetCore.Http;

namespace Assay.Tests.Tasks;

/// <summary>What of a request passes to the model: what has the shape that it should have, and refers to nothing elsewhere.</summary>
public sealed class GatewayRequestTests
{
    private const string Messages = "/v1/messages";
    private const string Responses = "/v1/responses";
    private const string Chat = "/v1/chat/completions";
    private const string Generate = "/v1beta/models/a:generateContent";
    private const string Count = "/v1beta/models/a:countTokens";
    private const string Answer = """{"type":"message","usage":{"input_tokens":1,"output_tokens":1},"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}""";

    public static TheoryData<string, string, string> Refused => new()
    {
        { Messages, """{"messages":[{"content":[{"type":"tool_result","content":[{"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url","url":"https://evil.test"}}]}}]}]}]}""", "taken from elsewhere" },
        { Messages, """{"messages":[{"content":{"type":"image","source":{"type":"url","url":"https://evil.test"}}}]}""", "has to be a list" },
        { Messages, """{"messages":{"role":"user","content":"x"}}""", "has to be a list" },
        { Messages, """{"messages":[{"content":[{"type":"image","source":"https://evil.test"}]}]}""", "has to be an object" },
        { Messages, """{"messages":[{"content":[{"type":"web_search_tool_result","content":[]}]}]}""", "does not pass on" },
        { Messages, """{"messages":[{"content":[{"type":"container_upload","file_id":"f"}]}]}""", "taken from elsewhere" },
        { Messages, """{"messages":[{"content":["x"]}]}""", "has to be an object" },
        { Messages, """{"tools":"web_search","messages":[]}""", "has to be a list" },
        { Messages, """{"tools":[[{"type":"web_search_20250305"}]],"messages":[]}""", "has to be an object" },
        { Messages, """{"context_management":{"edits":[{"type":"compact_20260112"}]},"messages":[]}""", "compaction is refused" },
        { Messages, """{"context_management":{"edits":[{"type":"other_20270112"}]},"messages":[]}""", "does not pass on" },
        { Responses, """{"input":[{"type":"computer_call_output","output":{"type":"computer_screenshot","image_url":"https://evil.test"}}]}""", "does not pass on" },
        { Responses, """{"input":[{"type":"function_call_output","output":{"type":"input_image","image_url":"https://evil.test"}}]}""", "has to be a list" },
        { Responses, """{"input":[{"type":"function_call_output","output":[{"type":"input_file","file_id":"f"}]}]}""", "taken from elsewhere" },
        { Responses, """{"input":[{"id":"msg_123"}]}""", "taken from elsewhere" },
        { Responses, """{"input":[{"type":null,"id":"rs_1"}]}""", "taken from elsewhere" },
        { Responses, """{"input":{"type":"message","role":"user","content":"x"}}""", "has to be a list" },
        { Responses, """{"input":[{"role":"user","content":[{"type":"input_file","file_data":"https://evil.test"}]}]}""", "taken from elsewhere" },
        { Responses, """{"input":"x","tools":["web_search"]}""", "has to be an object" },
        { Responses, """{"input":"x","tool_choice":{"type":"web_search"}}""", "does not pass on" },
        { Chat, """{"messages":[{"role":"user","content":[{"type":"video_url","video_url":{"url":"http://evil.test"}}]}]}""", "does not pass on" },
        { Chat, """{"messages":[{"role":"user","content":[{"type":"audio_url","audio_url":{"url":"http://evil.test"}}]}]}""", "does not pass on" },
        { Chat, """{"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"https://evil.test"}}]}]}""", "taken from elsewhere" },
        { Chat, """{"messages":[{"role":"assistant","audio":{"id":"a"}}]}""", "taken from elsewhere" },
        { Chat, """{"messages":[{"role":"user","content":{"type":"image_url","image_url":{"url":"https://evil.test"}}}]}""", "has to be a list" },
        { Chat, """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"https://evil.test"}]}]}""", "has to be an object" },
        { Chat, """{"tools":{"type":"web_search"},"messages":[]}""", "has to be a list" },
        { Generate, """{"contents":{"parts":{"fileData":{"fileUri":"https://evil.test"}}}}""", "has to be a list" },
        { Generate, """{"contents":[{"parts":{"file_data":{"file_uri":"https://evil.test"}}}]}""", "has to be a list" },
        { Generate, """{"contents":[{"parts":[{"functionResponse":{"parts":[{"file_data":{"file_uri":"https://evil.test"}}]}}]}]}""", "taken from elsewhere" },
        { Generate, """{"contents":[{"parts":[{"text":"x","fileData":{"fileUri":"https://evil.test"}}]}]}""", "taken from elsewhere" },
        { Generate, """{"contents":[{"parts":[{"videoMetadata":{"fps":24}}]}]}""", "taken from elsewhere" },
        { Generate, """{"contents":[],"tools":{"google_search":{},"url_context":{}}}""", "has to be a list" },
        { Generate, """{"contents":[],"tools":[[{"google_search":{}}]]}""", "has to be an object" },
        { Generate, """{"contents":[],"generationConfig":[{"maxOutputTokens":99}]}""", "has to be an object" },
        { Generate, """{"contents":[],"generationConfig":{"top_p":1,"topP":1}}""", "two spellings" },
        { Count, """{"generateContentRequest":{"contents":[{"parts":[{"fileData":{"fileUri":"https://evil.test"}}]}]}}""", "not passed on" },
        { Count, """{"contents":[{"parts":[{"fileData":{"fileUri":"https://evil.test"}}]}]}""", "taken from elsewhere" },
        { Messages, """{"messages":[{"role":"user","content":"\ud83d"}]}""", "half a character" },
        { Messages, """{"\udc00":1,"messages":[]}""", "half a character" },
        { Messages, """{"messages":[{"role":"user","content":"\ud83d\ud83d\ude00"}]}""", "half a character" },
    };

    public static TheoryData<string, string, string> Passed => new()
    {
        { Messages, """{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"base64","data":"AA=="}}]}]}]}""", """{"max_tokens":32000,"messages":[{"content":[{"content":[{"source":{"data":"AA==","type":"base64"},"type":"image"}],"type":"tool_result"}],"role":"user"}],"model":"declared"}""" },
        { Messages, """{"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"messages":[]}""", """{"context_management":{"edits":[{"keep":"all","type":"clear_thinking_20251015"}]},"max_tokens":32000,"messages":[],"model":"declared"}""" },
        { Messages, """{"messages":[{"role":"user","content":"\ud83d\ude00","new":{"a":1}}]}""", """{"max_tokens":32000,"messages":[{"content":"😀","role":"user"}],"model":"declared"}""" },
        { Responses, """{"store":true,"input":[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message","id":"m","role":"user","content":"x"}]}""", """{"input":[{"summary":[],"type":"reasoning"},{"content":"x","role":"user","type":"message"}],"max_output_tokens":32000,"model":"declared","store":false}""" },
        { Responses, """{"input":"x","tools":[{"type":"namespace","name":"n","tools":[{"type":"web_search"},{"type":"mcp","server_url":"https://evil.test"},{"type":"function","name":"f"}]},{"type":"web_search"}]}""", """{"input":"x","max_output_tokens":32000,"model":"declared","tools":[{"name":"n","tools":[{"name":"f","type":"function"}],"type":"namespace"}]}""" },
        { Responses, """{"max_output_tokens":{},"input":"x"}""", """{"input":"x","max_output_tokens":32000,"model":"declared"}""" },
        { Chat, """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]}""", """{"max_completion_tokens":32000,"messages":[{"content":[{"image_url":{"url":"data:image/png;base64,AA=="},"type":"image_url"}],"role":"user"}],"model":"declared"}""" },
        { Generate, """{"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":"AA=="}}]}],"tools":[{"google_search":{},"function_declarations":[{"name":"f"}]}]}""", """{"contents":[{"parts":[{"inlineData":{"data":"AA==","mimeType":"image/png"}}]}],"generationConfig":{"maxOutputTokens":32000},"tools":[{"functionDeclarations":[{"name":"f"}]}]}""" },
        { Count, """{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"googleSearch":{}}]}""", """{"contents":[{"parts":[{"text":"x"}]}]}""" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_has_another_shape_or_comes_from_elsewhere_is_refused(string path, string asked, string why)
    {
        await using var provider = new RawProvider(async context => await context.Response.WriteAsync(Answer));
        using var client = new GatewayClient(provider.Url, dialect: DialectOf(path));
        var answer = await client.AskAsync(path, asked);
        Assert.True(answer.Status == 400, answer.Body);
        Assert.Contains(why, (string)client.Lines()[0]["refusal"]!, StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(answer.Body)!["error"]);
        Assert.Equal(0, provider.Requests);
    }

    [Theory]
    [MemberData(nameof(Passed))]
    public async Task What_passes_has_the_shape_that_was_looked_at(string path, string asked, string sent)
    {
        var got = "";
        await using var provider = new RawProvider(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            got = await reader.ReadToEndAsync();
            await context.Response.WriteAsync(Answer);
        });
        using var client = new GatewayClient(provider.Url, dialect: DialectOf(path));
        var answer = await client.AskAsync(path, asked);
        Assert.True(answer.Status == 200, answer.Body);
        Assert.Equal(sent, Encoding.UTF8.GetString(CanonicalJson.Serialize(JsonDocument.Parse(got).RootElement)));
    }

    [Theory]
    [InlineData("user-agent: \u00c3\u00a9\r\n", "")]
    [InlineData("user-agent: agent/1 (linux)\r\n", "User-Agent=agent/1 (linux)")]
    [InlineData("x-app: a\tb\r\nx-unknown: y\r\naccept: application/vnd.amazon.eventstream\r\n", "")]
    [InlineData("anthropic-version: 2023-06-01\r\n", "anthropic-version=2023-06-01")]
    [InlineData("anthropic-version: 2023-06-01; x\r\n", "")]
    [InlineData("anthropic-beta: claude-code-20250219,context-1m-2025-08-07, compact-2026-01-12,effort-2025-11-24,new-2027-01-01\r\n", "anthropic-beta=claude-code-20250219,effort-2025-11-24")]
    [InlineData("anthropic-beta: effort-2025-11-24 compact-2026-01-12,\"effort-2025-11-24\"\r\n", "")]
    public async Task Of_an_agents_headers_what_is_known_and_plain_goes_on(string headers, string passed)
    {
        var (got, type) = ("", "");
        await using var provider = new RawProvider(async context =>
        {
            string[] ours = ["Host", "Content-Type", "Content-Length", "x-api-key"];
            got = string.Join('|', context.Request.Headers.Where(h => !ours.Contains(h.Key, StringComparer.OrdinalIgnoreCase)).Select(h => $"{h.Key}={h.Value}"));
            type = context.Request.ContentType;
            await context.Response.WriteAsync(Answer);
        });
        using var client = new GatewayClient(provider.Url);
        foreach (var sent in new[] { "content-type: application/json; charset=unicode_escape\r\n", "content-type: multipart/form-data\r\n" })
        {
            Assert.Equal(200, (await client.AskAsync(Messages, """{"messages":[]}""", sent + headers)).Status);
            Assert.Equal((passed, "application/json"), (got, type));
        }
    }

    /// <summary>Their number is that of a request below 1 MiB; each was taken out by itself once, in a minute.</summary>
    [Theory]
    [InlineData("""{"messages":[]{0}}""", ",\"k{0}\":1")]
    [InlineData("""{"messages":[{"role":"user","content":"x"{0}}]}""", ",\"k{0}\":1")]
    [InlineData("""{"messages":[],"tools":[{"name":"n"}{0}]}""", ",{{\"type\":\"t{0}\"}}")]
    public async Task What_is_taken_out_takes_time_in_proportion(string asked, string each)
    {
        await using var provider = new RawProvider(async context => await context.Response.WriteAsync(Answer));
        using var client = new GatewayClient(provider.Url);
        var all = string.Concat(Enumerable.Range(0, 60_000).Select(i => string.Format(System.Globalization.CultureInfo.InvariantCulture, each, i)));
        var clock = Stopwatch.StartNew();
        Assert.Equal(200, (await client.AskAsync(Messages, asked.Replace("{0}", all, StringComparison.Ordinal))).Status);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 8);
        Assert.InRange(client.Lines()[0]["removed"]!.AsArray().Count, 1, 20);
    }

    [Fact]
    public async Task A_request_of_too_many_parts_or_bytes_is_told_so()
    {
        await using var provider = new RawProvider(async context => await context.Response.WriteAsync(Answer));
        using var client = new GatewayClient(provider.Url);
        var parts = await client.AskAsync(Messages, $$"""{"messages":[{{string.Join(',', Enumerable.Repeat("{}", 250_000))}}]}""");
        Assert.Equal((400, "invalid_request_error"), (parts.Status, (string)JsonNode.Parse(parts.Body)!["error"]!["type"]!));
        var bytes = await client.AskAsync(Messages, "", $"content-length: {(8 << 20) + 1}\r\nx-a: ");
        Assert.Equal((413, "request_too_large"), (bytes.Status, (string)JsonNode.Parse(bytes.Body)!["error"]!["type"]!));
        var large = await client.AskAsync(Messages, $$"""{"messages":[{"role":"user","content":"{{new string('x', (8 << 20) - 100)}}"}]}""");
        Assert.Equal(200, large.Status);
    }

    [Fact]
    public async Task An_answer_with_half_a_character_is_passed_on_and_counted()
    {
        await using var provider = new RawProvider(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("""
                data: {"type":"message_start","message":{"usage":{"input_tokens":100,"output_tokens":1}}}

                data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"\ud83d"},"\udc00":"\ud83d\ud83d\ude00"}

                data: {"type":"message_delta","\ud83d":1,"usage":{"output_tokens":10}}


                """);
        });
        using var client = new GatewayClient(provider.Url);
        var answer = await client.AskAsync(Messages, """{"messages":[]}""");
        Assert.Contains("""{"type":"text_delta","text":"\ud83d"}""", answer.Body, StringComparison.Ordinal);
        Assert.Equal((100L * 5) + (10 * 25), client.Gateway.End().Cost!.Value.Micros);
    }

    private static ModelDialect DialectOf(string path) => path switch
    {
        Messages => ModelDialect.Anthropic,
        Responses or Chat => ModelDialect.OpenAi,
        _ => ModelDialect.Gemini,
    };
}
