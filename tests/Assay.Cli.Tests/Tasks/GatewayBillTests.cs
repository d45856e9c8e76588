using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Microsoft.AspNetCore.Http;

namespace Assay.Tests.Tasks;

/// <summary>What an answer that is no success costs, and what is on record of it.</summary>
public sealed class GatewayBillTests
{
    private const string Ask = """{"messages":[{"role":"user","content":"hello"}]}""";
    private const string Overloaded = """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""";

    [Theory]
    [InlineData(ModelDialect.Anthropic, 400, "", true)]
    [InlineData(ModelDialect.Anthropic, 401, "", true)]
    [InlineData(ModelDialect.Anthropic, 403, "", true)]
    [InlineData(ModelDialect.Anthropic, 404, "", true)]
    [InlineData(ModelDialect.Anthropic, 405, "", true)]
    [InlineData(ModelDialect.Anthropic, 413, "", true)]
    [InlineData(ModelDialect.Anthropic, 415, "", true)]
    [InlineData(ModelDialect.Anthropic, 422, "", true)]
    [InlineData(ModelDialect.Anthropic, 429, "", true)]
    [InlineData(ModelDialect.Anthropic, 529, Overloaded, true)]
    [InlineData(ModelDialect.Anthropic, 500, """{"type":"error","error":{"type":"api_error","message":"x"}}""", true)]
    [InlineData(ModelDialect.OpenAi, 500, """{"error":{"type":"server_error","message":"x"}}""", true)]
    [InlineData(ModelDialect.Gemini, 503, """{"error":{"code":503,"status":"UNAVAILABLE"}}""", true)]
    [InlineData(ModelDialect.Gemini, 500, """{"error":{"code":500,"status":"INTERNAL"}}""", true)]
    [InlineData(ModelDialect.Anthropic, 504, """{"error":{"message":"upstream timed out"}}""", false)]
    [InlineData(ModelDialect.Anthropic, 504, Overloaded, false)]
    [InlineData(ModelDialect.Anthropic, 529, "<html>overloaded</html>", false)]
    [InlineData(ModelDialect.Anthropic, 500, """{"error":{"type":"server_error"}}""", false)]
    [InlineData(ModelDialect.OpenAi, 500, """{"error":{"type":"rate_limit"}}""", false)]
    [InlineData(ModelDialect.OpenAi, 502, """{"error":{"type":"server_error"}}""", false)]
    [InlineData(ModelDialect.Gemini, 504, """{"error":{"code":504,"status":"DEADLINE_EXCEEDED"}}""", false)]
    [InlineData(ModelDialect.Gemini, 500, "", false)]
    [InlineData(ModelDialect.Anthropic, 408, "", false)]
    [InlineData(ModelDialect.Anthropic, 302, "", false)]
    [InlineData(ModelDialect.Anthropic, 499, "", false)]
    public async Task What_is_no_success_is_free_only_where_nobody_worked_on_it(ModelDialect dialect, int status, string answer, bool isFree)
    {
        await using var provider = new RawProvider(async context =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(answer);
        });
        using var client = new GatewayClient(provider.Url, new Usd(1_000_000), maxOutput: 10_000, dialect);
        Assert.Equal(status, (await client.AskAsync(PathOf(dialect), "{}")).Status);
        var totals = client.Gateway.End();
        Assert.Equal(isFree ? default(Usd) : null, totals.Cost);
        Assert.InRange(totals.CostAtMost!.Value.Micros, isFree ? 0 : 250_000, isFree ? 0 : 260_000);
        Assert.Equal(isFree ? 0 : null, (long?)client.Lines()[0]["cost_micro_usd"]);
    }

    [Fact]
    public async Task An_error_that_comes_again_and_again_is_booked()
    {
        var answer = Overloaded;
        await using var provider = new RawProvider(async context =>
        {
            context.Response.StatusCode = answer == Overloaded ? 529 : 200;
            await context.Response.WriteAsync(answer);
        });
        using var client = new GatewayClient(provider.Url, maxOutput: 10_000);
        for (var i = 0; i < 5; i++) await client.AskAsync("/v1/messages", Ask);
        answer = """{"type":"message","usage":{"input_tokens":10,"output_tokens":20}}""";
        await client.AskAsync("/v1/messages", Ask);
        answer = Overloaded;
        for (var i = 0; i < 6; i++) await client.AskAsync("/v1/messages", Ask);
        Assert.Equal([0, 0, 0, 0, 0, 550, 0, 0, 0, 0, 0, null], client.Lines().Select(l => (long?)l["cost_micro_usd"]));
    }

    [Fact]
    public async Task What_is_sampled_beside_an_answer_is_counted_too()
    {
        await using var provider = new RawProvider(async context => await context.Response.WriteAsync(
            """{"type":"message","usage":{"input_tokens":5000,"output_tokens":100,"iterations":[{"input_tokens":200000,"output_tokens":8000},{"input_tokens":5000,"output_tokens":100}]}}"""));
        using var client = new GatewayClient(provider.Url);
        await client.AskAsync("/v1/messages", Ask);
        Assert.Equal(new Usd((205_000 * 5) + (8_100 * 25)), client.Gateway.End().Cost);
    }

    /// <summary>An error that costs nothing says nothing of whether bounds hold.</summary>
    [Fact]
    public async Task Only_an_answer_that_cost_something_lets_others_go_at_once()
    {
        var (isFirst, atOnce, most) = (true, 0, 0);
        await using var provider = new RawProvider(async context =>
        {
            context.Response.StatusCode = isFirst ? 422 : 200;
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            await Task.Delay(100);
            Interlocked.Decrement(ref atOnce);
            if (!isFirst) await context.Response.WriteAsync("""{"type":"message","usage":{"input_tokens":400000,"output_tokens":10}}""");
        });
        using var client = new GatewayClient(provider.Url, new Usd(1_000_000), maxOutput: 16);
        await client.AskAsync("/v1/messages", Ask);
        isFirst = false;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => client.AskAsync("/v1/messages", Ask)));
        Assert.Equal(1, most);
        Assert.InRange(client.Gateway.End().CostAtMost!.Value.Micros, 1, 3_100_000);
    }

    [Fact]
    public async Task A_request_is_on_record_with_what_it_puts_aside_before_it_is_sent()
    {
        var asked = "";
        GatewayClient? client = null;
        await using var provider = new RawProvider(async context =>
        {
            asked = client!.Log;
            await context.Response.WriteAsync("""{"type":"message","usage":{"input_tokens":10,"output_tokens":20}}""");
        });
        using (client = new GatewayClient(provider.Url, maxOutput: 10_000))
        {
            await client.AskAsync("/v1/messages", Ask);
            Assert.Equal(asked, client.Log[..asked.Length]);
            var (first, last) = (Assert.Single(client.UnderWay()), Assert.Single(client.Lines()));
            Assert.InRange((long)first["reserved_micro_usd"]!, 250_000, 260_000);
            Assert.Equal((1, 1), ((int)first["request"]!, (int)last["request"]!));
        }
    }

    private static string PathOf(ModelDialect dialect) => dialect switch
    {
        ModelDialect.Anthropic => "/v1/messages",
        ModelDialect.OpenAi => "/v1/responses",
        _ => "/v1beta/models/a:generateContent",
    };
}
