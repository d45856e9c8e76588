using System.Net.Sockets;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Microsoft.AspNetCore.Http;

namespace Assay.Tests.Tasks;

/// <summary>The real key stays outside, whole and in part, however a provider repeats it.</summary>
public sealed class GatewayKeyTests
{
    private const string Key = "sk/real+key-0123456789";
    private const string Ask = """{"messages":[{"role":"user","content":"hello"}]}""";

    /// <summary>Providers repeat what they are sent, so an agent can have any text come back, cut where it wants.</summary>
    [Theory]
    [InlineData(422, "application/json")]
    [InlineData(200, "application/json")]
    [InlineData(200, "text/event-stream")]
    public async Task Whether_a_text_begins_like_the_key_does_not_show(int status, string type)
    {
        var said = "";
        await using var provider = new RawProvider(async context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            foreach (var piece in said.Split('|'))
            {
                await context.Response.WriteAsync(piece);
                await context.Response.Body.FlushAsync();
                await Task.Delay(40);
            }
        });
        using var client = new GatewayClient(provider.Url, key: Key);
        for (var length = 1; length < Key.Length; length += 5)
        {
            var answers = new List<RawAnswer>();
            foreach (var guess in new[] { Key[..length], Key[..(length - 1)] + "!", new string('.', length) })
            {
                var text = $"data: {{\"text\":\"{new string('.', 20_000)}{guess}|{new string('.', 9_000)}\\u0000{guess}|\"}}\n\n";
                said = text;
                answers.Add(await client.AskAsync("/v1/messages", Ask));
            }

            Assert.All(answers, a => Assert.Equal(status, a.Status));
            Assert.Single(answers.Select(a => a.Chunks).Distinct());
            Assert.Contains(Key[..length], answers[0].Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"error":"wrong: sk/real+key-0123456789."}""")]
    [InlineData("""{"error":"wrong: sk\/real\u002Bkey-0123456789."}""")]
    [InlineData("""{"error":"wrong: \u0073\u006B\u002f\u0072eal+key-0123456789."}""")]
    [InlineData("""{"sk\/real+key-0123456789":1}""")]
    [InlineData("""{"arguments":"{\"key\":\"sk\\/real\\u002Bkey-0123456789\"}"}""")]
    [InlineData("wrong: sk/real+key-0123456789 \\")]
    public async Task It_is_taken_out_however_a_string_spells_it(string answer)
    {
        foreach (var type in new[] { "application/json", "text/event-stream", "text/plain" })
        {
            await using var provider = new RawProvider(async context =>
            {
                context.Response.ContentType = type;
                await context.Response.WriteAsync(type == "text/event-stream" ? $"data: {answer[..20]}" : answer[..20]);
                await context.Response.Body.FlushAsync();
                await Task.Delay(20);
                await context.Response.WriteAsync(answer[20..]);
            });
            using var client = new GatewayClient(provider.Url, key: Key);
            var got = await client.AskAsync("/v1/messages", Ask);
            Assert.DoesNotContain("0123456789", got.Body, StringComparison.Ordinal);
            Assert.Contains("******", got.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>The HTTP stack quotes in its messages what it could not read.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nyour key is sk/real+key-0123456789\r\ncontent-length: 0\r\n\r\n")]
    [InlineData("HTTX/1.1 sk/real+key-0123456789 200 OK\r\n\r\n")]
    public async Task What_is_no_answer_is_told_in_words_of_our_own(string answer)
    {
        using var provider = new TcpListener(System.Net.IPAddress.Loopback, 0);
        provider.Start();
        using var over = new CancellationTokenSource();
        var serving = ServeAsync(provider, answer, over.Token);
        using var client = new GatewayClient($"http://{provider.LocalEndpoint}", key: Key);
        for (var i = 0; i < 3; i++) Assert.Equal(503, (await client.AskAsync("/v1/messages", Ask)).Status);
        var totals = client.Gateway.End();
        Assert.Equal((GatewayStop.Unreachable, "model not reachable: what it answers is no HTTP"), (totals.Stop, totals.Reason));
        Assert.DoesNotContain("real", client.Log, StringComparison.Ordinal);
        await over.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task What_an_agent_says_that_holds_it_is_not_in_the_record()
    {
        await using var provider = new RawProvider(_ => Task.CompletedTask);
        using var client = new GatewayClient(provider.Url, most: new Usd(1), key: Key);
        _ = await client.AskAsync("/v1/messages", $$"""{"model":"{{Key}}","{{Key}}":1,"messages":[]}""");
        Assert.DoesNotContain("0123456789", client.Log, StringComparison.Ordinal);
        Assert.Contains("***", client.Log, StringComparison.Ordinal);
    }

    private static async Task ServeAsync(TcpListener provider, string answer, CancellationToken over)
    {
        try
        {
            while (true)
            {
                using var client = await provider.AcceptSocketAsync(over);
                await client.ReceiveAsync(new byte[65536], SocketFlags.None, over);
                await client.SendAsync(Encoding.ASCII.GetBytes(answer), SocketFlags.None, over);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
