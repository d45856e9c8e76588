using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Engine.Gateways;
using Assay.Gateway;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Microsoft.AspNetCore.Http;

namespace Assay.Tests.Tasks;

/// <summary>The gateway to a model, spoken to as an agent would, and as one would that wants more.</summary>
public sealed class GatewayTests : IDisposable
{
    private const string Ask = """{"model":"the-dearest","max_tokens":64000,"messages":[{"role":"user","content":"hello"}]}""";

    /// <summary>Stands for an answer that was cut.</summary>
    private const int Cut = -1;

    private readonly MemoryStream _log = new();
    private readonly HttpClient _client = new();

    public void Dispose()
    {
        _client.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Nobody_without_its_key_is_told_anything_and_the_real_one_stays_outside()
    {
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null);
        foreach (var key in new[] { "", "wrong", ScriptedProvider.Key, gateway.Key[..^1] }) Assert.Equal(401, await StatusAsync(gateway, "/v1/messages", Ask, key));
        Assert.Empty(provider.Requests);
        Assert.Equal(200, await StatusAsync(gateway, "/v1/messages", Ask));
        var body = JsonNode.Parse(Assert.Single(provider.Bodies))!;
        Assert.Equal(("declared", 32_000), ((string)body["model"]!, (int)body["max_tokens"]!));
    }

    [Theory]
    [InlineData("/v1/files")]
    [InlineData("/v1/messages/../files")]
    [InlineData("/v1/messages/batches")]
    [InlineData("/v1/organizations")]
    [InlineData("//evil.test/v1/messages")]
    public async Task Only_requests_to_the_model_pass(string path)
    {
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null);
        Assert.Equal(404, await StatusAsync(gateway, path, Ask));
        Assert.Empty(provider.Requests);
    }

    [Theory]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"model":"a","max_tokens":64000,"service_tier":"priority","speed":"fast","mcp_servers":[{}],"messages":[]}""", """{"max_tokens":32000,"messages":[],"model":"declared"}""")]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"tools":[{"name":"mine"},{"type":"bash_20250124","name":"bash"},{"type":"web_fetch_20250910","name":"f"}],"messages":[]}""", """{"max_tokens":32000,"messages":[],"model":"declared","tools":[{"name":"mine"},{"name":"bash","type":"bash_20250124"}]}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/responses", """{"max_output_tokens":-1,"models":["b"],"tools":[{"type":"function","name":"f"},{"type":"mcp","server_url":"https://evil.test"},{"type":"image_generation","model":"dear"}],"input":[]}""", """{"input":[],"max_output_tokens":32000,"model":"declared","tools":[{"name":"f","type":"function"}]}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/chat/completions", """{"input":"","max_tokens":10,"max_completion_tokens":1000000,"stream":true,"route":"x","messages":[]}""", """{"max_completion_tokens":10,"messages":[],"model":"declared","stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData(ModelDialect.Gemini, "/v1beta/models/a:generateContent", """{"generation_config":{"max_output_tokens":99000,"candidate_count":8,"top_p":1},"tools":[{"google_search":{}},{"function_declarations":[]}],"contents":[]}""", """{"contents":[],"generationConfig":{"maxOutputTokens":32000,"topP":1},"tools":[{"functionDeclarations":[]}]}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/responses", """{"model":"a","background":true,"service_tier":"priority","input":"x"}""", """{"input":"x","max_output_tokens":32000,"model":"declared"}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/chat/completions", """{"model":"a","n":8,"max_tokens":9,"messages":[]}""", """{"max_tokens":9,"messages":[],"model":"declared"}""")]
    [InlineData(ModelDialect.Gemini, "/v1beta/models/a:generateContent", """{"generationConfig":{"candidateCount":8,"maxOutputTokens":99000},"contents":[]}""", """{"contents":[],"generationConfig":{"maxOutputTokens":32000}}""")]
    public async Task What_is_asked_has_one_answer_of_the_declared_model_at_the_plain_price(ModelDialect dialect, string path, string asked, string sent)
    {
        await using var provider = new ScriptedProvider(dialect, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null, dialect: dialect);
        Assert.Equal(200, await StatusAsync(gateway, path, asked));
        var body = Assert.Single(provider.Bodies);
        Assert.Equal(sent, Encoding.UTF8.GetString(Kernel.Json.CanonicalJson.Serialize(System.Text.Json.JsonDocument.Parse(body).RootElement)));
        Assert.Equal(dialect == ModelDialect.Gemini ? "POST /v1beta/models/declared:generateContent" : $"POST {path}", Assert.Single(provider.Requests));
    }

    [Theory]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://evil.test/?secret"}}]}]}""")]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]}]}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/responses", """{"previous_response_id":"r","input":"x"}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/responses", """{"input":[{"role":"user","content":[{"type":"input_image","image_url":"https://evil.test/?secret"}]}]}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/responses", """{"input":[{"type":"item_reference","id":"i"}]}""")]
    [InlineData(ModelDialect.OpenAi, "/v1/chat/completions", """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://evil.test/"}}]}]}""")]
    [InlineData(ModelDialect.Gemini, "/v1beta/models/a:generateContent", """{"contents":[{"parts":[{"file_data":{"file_uri":"https://evil.test/"}}]}]}""")]
    [InlineData(ModelDialect.Gemini, "/v1beta/models/a:generateContent", """{"cached_content":"c","contents":[]}""")]
    public async Task What_the_provider_would_take_from_elsewhere_does_not_pass(ModelDialect dialect, string path, string asked)
    {
        await using var provider = new ScriptedProvider(dialect, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null, dialect: dialect);
        Assert.Equal(400, await StatusAsync(gateway, path, asked));
        Assert.Empty(provider.Requests);
        Assert.Contains("taken from elsewhere", (string)Assert.Single(Lines())["refusal"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("{\"model\":\"a\",\"model\":\"b\"}")]
    public async Task What_is_no_request_is_told_so_and_costs_nothing(string body)
    {
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null);
        Assert.Equal(400, await StatusAsync(gateway, "/v1/messages", body));
        Assert.Equal((1L, 1L, default(Usd)), (gateway.End().Requests, gateway.End().Failed, gateway.End().Cost!.Value));
    }

    [Fact]
    public async Task Requests_at_the_same_time_wait_for_the_money_and_cannot_spend_it_twice()
    {
        var (atOnce, most) = (0, 0);
        await using var provider = new RawProvider(async context =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            await Task.Delay(50);
            Interlocked.Decrement(ref atOnce);
            await context.Response.WriteAsync("""{"type":"message","usage":{"input_tokens":20,"output_tokens":2000}}""");
        });

        // 2,000 tokens answered are 50,000 millionths; of ten requests four are paid for with 250,000, and one that goes alone.
        using var gateway = Open(provider.Url, new Usd(250_000), maxOutput: 2_000);
        var all = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => StatusAsync(gateway, "/v1/messages", Ask)));
        var totals = gateway.End();
        Assert.Equal(GatewayStop.Spent, totals.Stop);
        Assert.InRange(all.Count(s => s == 200), 4, 5);
        Assert.All(all, s => Assert.True(s is 200 or 400 or Cut, $"{s}"));
        Assert.InRange(most, 2, 4);
        Assert.InRange(totals.CostAtMost!.Value.Micros, 200_000, 250_000 + 50_100);
        Assert.Equal(10, Lines().Count);
    }

    /// <summary>Each costs far more than any request of its size, as with input that the provider adds.</summary>
    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(200_000, 1)]
    [InlineData(20, 40)]
    public async Task A_budget_is_passed_by_one_request_at_most(int input, int atLeast)
    {
        await using var provider = new RawProvider(async context =>
        {
            await Task.Delay(20);
            await context.Response.WriteAsync($$$"""{"type":"message","usage":{"input_tokens":{{{input}}},"output_tokens":10}}""");
        });
        using var gateway = Open(provider.Url, new Usd(50_000), maxOutput: 100);
        var all = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => StatusAsync(gateway, "/v1/messages", Ask)));
        var cost = (input * 5) + (10 * 25);
        Assert.InRange(gateway.End().CostAtMost!.Value.Micros, 1, 50_000 + cost);
        Assert.InRange(all.Count(s => s is 200 or Cut), atLeast, 60);
    }

    [Fact]
    public async Task Each_request_has_a_line_with_digests_tokens_and_cost()
    {
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null);
        Assert.Equal(200, await StatusAsync(gateway, "/v1/messages", Ask));
        _ = gateway.End();
        var line = Assert.Single(Lines());
        Assert.Equal(("the-dearest", "declared", 200), ((string)line["asked_model"]!, (string)line["model"]!, (int)line["status"]!));
        Assert.Equal(Kernel.Streams.Digest.Of(Ask).ToString(), (string)line["request_sha256"]!);
        Assert.Equal((1000L, 50L, (1000 * 5) + (50 * 25)), ((long)line["input_tokens"]!, (long)line["output_tokens"]!, (int)line["cost_micro_usd"]!));
    }

    /// <summary>An answer whose price nobody tells is not known, and what was put aside for it stays so.</summary>
    [Theory]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"type":"message","content":[{"type":"text","text":"hello"}]}""")]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"type":"message","usage":{"input_tokens":1,"input_tokens":1,"output_tokens":1}}""")]
    [InlineData(ModelDialect.Anthropic, "/v1/messages", "\u001f\u008b no json")]
    [InlineData(ModelDialect.Gemini, "/v1beta/models/a:generateContent", """{"candidates":[{"finishReason":"STOP"}]}""")]
    public async Task What_nobody_tells_is_not_known_and_stays_put_aside(ModelDialect dialect, string path, string answer)
    {
        await using var provider = new RawProvider(async context => await context.Response.WriteAsync(answer, Encoding.Latin1));
        using var gateway = Open(provider.Url, new Usd(1_000_000), maxOutput: 10_000, dialect: dialect);
        for (var i = 0; i < 3; i++) Assert.Equal(200, await StatusAsync(gateway, path, "{}"));
        for (var i = 0; i < 3; i++) _ = await StatusAsync(gateway, path, "{}");
        var totals = gateway.End();
        Assert.Null(totals.Cost);
        Assert.InRange(totals.CostAtMost!.Value.Micros, 750_000, 1_000_000);
        Assert.Null(Lines()[0]["cost_micro_usd"]);
        Assert.InRange((long)Lines()[0]["reserved_micro_usd"]!, 255_000, 256_000);
    }

    [Fact]
    public async Task An_agent_that_leaves_does_not_leave_its_bill()
    {
        var left = new TaskCompletionSource();
        await using var provider = new RawProvider(async context =>
        {
            await left.Task;
            await context.Response.WriteAsync("""{"type":"message","usage":{"input_tokens":10,"output_tokens":2000}}""");
        });
        using var gateway = Open(provider.Url, new Usd(100_000), maxOutput: 2_000);
        using (var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StatusAsync(gateway, "/v1/messages", Ask, cancel: impatient.Token));
        }

        left.SetResult();
        Assert.Equal(new Usd((10 * 5) + (2_000 * 25)), gateway.End().Cost);
        Assert.Equal(2_000, (long)Assert.Single(Lines())["output_tokens"]!);
    }

    [Fact]
    public async Task Who_leaves_while_he_waits_for_the_money_has_asked_nothing()
    {
        var first = new TaskCompletionSource();
        await using var provider = new RawProvider(async context =>
        {
            await first.Task;
            await context.Response.WriteAsync("""{"type":"message","usage":{"input_tokens":10,"output_tokens":20}}""");
        });
        using var gateway = Open(provider.Url, new Usd(60_000), maxOutput: 2_000);
        var asked = StatusAsync(gateway, "/v1/messages", Ask);
        await Until(() => provider.Requests == 1);
        using (var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StatusAsync(gateway, "/v1/messages", Ask, cancel: impatient.Token));
        }

        // Its line stands when it has left for good; only then may the money come back.
        await Until(() => Lines().Count == 1);
        first.SetResult();
        Assert.Equal(200, await asked);
        Assert.Equal(new Usd(550), gateway.End().Cost);
        Assert.Equal(1, provider.Requests);
    }

    [Fact]
    public async Task All_that_is_under_way_at_the_end_has_its_line()
    {
        var hanging = new TaskCompletionSource();
        await using var provider = new RawProvider(async context =>
        {
            if (context.Request.Headers.UserAgent.ToString().Contains("slow", StringComparison.Ordinal)) await hanging.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("""{"type":"message","usage":{"input_tokens":10,"output_tokens":20}}""");
        });
        using var gateway = Open(provider.Url, new Usd(10_000_000), maxOutput: 2_000);
        for (var i = 0; i < 60; i++) Assert.Equal(200, await StatusAsync(gateway, "/v1/messages", Ask));
        var slow = StatusAsync(gateway, "/v1/messages", Ask, agent: "slow");
        await Until(() => provider.Requests == 61);
        var totals = gateway.End();
        _ = await slow;
        Assert.Equal((61, 61), ((int)totals.Requests, Lines().Count));
        Assert.Null(totals.Cost);
        Assert.InRange(totals.CostAtMost!.Value.Micros, 60 * 550, (60 * 550) + 56_000);
    }

    [Theory]
    [InlineData("""{"type":"message","usage":{"input_tokens":9223372036854775807,"cache_read_input_tokens":9223372036854775807,"output_tokens":9223372036854775807}}""")]
    [InlineData("""{"type":"message","usage":{"input_tokens":-5,"output_tokens":-9223372036854775808}}""")]
    public async Task Numbers_that_nobody_can_have_are_neither_a_refund_nor_an_end(string answer)
    {
        await using var provider = new RawProvider(async context => await context.Response.WriteAsync(answer));
        using var gateway = Open(provider.Url, null);
        for (var i = 0; i < 3; i++) _ = await StatusAsync(gateway, "/v1/messages", Ask);
        var totals = gateway.End();
        Assert.True(totals is { InputTokens: >= 0, OutputTokens: >= 0 } && totals.CostAtMost!.Value.Micros > 0, $"{totals}");
    }

    [Fact]
    public async Task The_real_key_does_not_come_back_in_an_answer_or_its_head()
    {
        await using var provider = new RawProvider(async context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = ScriptedProvider.Key;
            context.Response.ContentType = $"application/json; key={ScriptedProvider.Key}";
            await context.Response.WriteAsync($"wrong: {ScriptedProvider.Key[..9]}");
            await context.Response.Body.FlushAsync();
            await Task.Delay(50);
            await context.Response.WriteAsync($"{ScriptedProvider.Key[9..]} and the-real");
        });
        using var gateway = Open(provider.Url, null);
        var (head, body) = await AnswerAsync(gateway);
        Assert.DoesNotContain(ScriptedProvider.Key, head + body, StringComparison.Ordinal);
        Assert.Equal($"wrong: {new string('*', ScriptedProvider.Key.Length)} and the-real", body);
    }

    [Fact]
    public async Task Refusals_without_end_are_counted_and_not_written()
    {
        await using var provider = new RawProvider(_ => Task.CompletedTask);
        using var gateway = Open(provider.Url, null);
        for (var i = 0; i < 1_010; i++) Assert.Equal(404, await StatusAsync(gateway, "/v1/files", Ask));
        Assert.Equal(1_010, gateway.End().Requests);
        Assert.Equal((1_001, 10), (Lines().Count, (int)Lines()[^1]["unlisted"]!));
    }

    private static async Task Until(Func<bool> holds)
    {
        for (var i = 0; i < 1_000 && !holds(); i++) await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.True(holds());
    }

    private List<JsonNode> Lines() => GatewayClient.Lines(_log);

    private IOpenGateway Open(string endpoint, Usd? most, int maxOutput = 32_000, ModelDialect dialect = ModelDialect.Anthropic) =>
        GatewayClient.Open(_log, endpoint, most, maxOutput, dialect);

    private async Task<(string Head, string Body)> AnswerAsync(IOpenGateway gateway)
    {
        using var content = new StringContent(Ask, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{gateway.Port}/v1/messages") { Content = content };
        request.Headers.TryAddWithoutValidation("x-api-key", gateway.Key);
        using var response = await _client.SendAsync(request);
        return ($"{response.Headers}{response.Content.Headers}", await response.Content.ReadAsStringAsync());
    }

    private async Task<int> StatusAsync(
        IOpenGateway gateway, string path, string body, string? key = null, string? agent = null, CancellationToken cancel = default)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{gateway.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Content = content,
            Version = HttpVersion.Version11,
        };
        request.Headers.TryAddWithoutValidation("x-api-key", key ?? gateway.Key);
        if (agent is not null) request.Headers.TryAddWithoutValidation("user-agent", agent);
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            _ = await response.Content.ReadAsStringAsync(cancel);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return Cut;
        }
    }
}
