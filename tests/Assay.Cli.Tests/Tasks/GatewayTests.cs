using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Engine.Gateways;
using Assay.Gateway;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Tests.Tasks;

/// <summary>The gateway to a model, spoken to as an agent would, and as one would that wants more.</summary>
public sealed class GatewayTests : IDisposable
{
    private const string Ask = """{"model":"the-dearest","max_tokens":64000,"messages":[{"role":"user","content":"hello"}]}""";

    /// <summary>Stands for an answer that was cut.</summary>
    private const int Cut = -1;

    private readonly TemporaryFolder _folder = new();
    private readonly MemoryStream _log = new();
    private readonly HttpClient _client = new();

    public void Dispose()
    {
        _client.Dispose();
        _log.Dispose();
        _folder.Dispose();
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
    [InlineData(ModelDialect.Anthropic, "/v1/messages", """{"model":"a","max_tokens":64000,"service_tier":"priority","messages":[]}""", """{"max_tokens":32000,"messages":[],"model":"declared"}""")]
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
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("{\"model\":5}")]
    [InlineData("{\"model\":\"a\",\"model\":\"b\"}")]
    public async Task What_is_no_request_is_told_so_and_costs_nothing(string body)
    {
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([new FakeStep(Say: "hello")]));
        using var gateway = Open(provider.Url, null);
        Assert.Equal(400, await StatusAsync(gateway, "/v1/messages", body));
        Assert.Equal((1L, 1L, default(Usd)), (gateway.End().Requests, gateway.End().Failed, gateway.End().Cost!.Value));
    }

    [Fact]
    public async Task Requests_at_the_same_time_cannot_spend_the_same_money()
    {
        var slow = new FakeStep(Say: "hello") { Pause = TimeSpan.FromMilliseconds(500) };
        await using var provider = new ScriptedProvider(ModelDialect.Anthropic, new FakeScript([slow], InputTokens: 20, OutputTokens: 2_000));

        // 2,000 tokens answered are 50,000 millionths; with 100,000 at most two of ten fit.
        using var gateway = Open(provider.Url, new Usd(100_000), maxOutput: 2_000);
        var all = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => StatusAsync(gateway, "/v1/messages", Ask)));
        Assert.InRange(all.Count(s => s != 400), 1, 2);
        Assert.All(all.Where(s => s != 200), s => Assert.True(s is 400 or Cut, $"{s}"));
        var totals = gateway.End();
        Assert.Equal(GatewayStop.Spent, totals.Stop);
        Assert.InRange(totals.Cost!.Value.Micros, 50_000, 100_200);
        Assert.Equal(10, Lines().Count);
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

    private List<JsonNode> Lines() => [.. Encoding.UTF8.GetString(_log.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];

    private IOpenGateway Open(string endpoint, Usd? most, int maxOutput = 32_000, ModelDialect dialect = ModelDialect.Anthropic)
    {
        File.WriteAllText(_folder.Under("key"), ScriptedProvider.Key + "\n");
        return new ModelGateways(TimeProvider.System).Open(
            new ModelGateway
            {
                Dialect = dialect,
                Endpoint = endpoint,
                Model = "declared",
                ApiKeyFile = _folder.Under("key"),
                Prices = new TokenPrices(5, 5, 25),
                MaxOutputTokens = maxOutput,
                MaxCost = most,
                LogFile = "gateway.jsonl",
            },
            _log);
    }

    private async Task<int> StatusAsync(IOpenGateway gateway, string path, string body, string? key = null)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{gateway.Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Content = content,
            Version = HttpVersion.Version11,
        };
        request.Headers.TryAddWithoutValidation("x-api-key", key ?? gateway.Key);
        try
        {
            using var response = await _client.SendAsync(request);
            _ = await response.Content.ReadAsStringAsync();
            return (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return Cut;
        }
    }
}
