using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>An agent stage as a model call, against a real HTTP server on loopback that speaks the streaming dialect of OpenAI.</summary>
public sealed class ModelStageTests
{
    private const string Answer = """{"schema_version":"blueprint_v1","title":"from a model","strategy":{}}""";

    [Fact]
    public async Task A_model_makes_the_document_and_what_it_cost_is_on_record()
    {
        await using var model = new ModelServer([Answer[..20], Answer[20..]], TimeSpan.Zero);
        using var folder = Folder(model.Url, maxCostUsd: 1);
        File.WriteAllText(folder.Under("key.txt"), "secret-key\n");
        folder.Components["intent"]!["model"]!["api_key_file"] = "key.txt";
        folder.Write();
        var id = await folder.SubmitAsync("idea");
        await folder.WorkAsync();
        var shown = await folder.ShowAsync(id);
        Assert.True((string?)shown["waiting"]?["step"] == "blueprint", shown.ToJsonString());

        // 900 tokens in and 20 out; each report to the meter is rounded up to a millionth.
        Assert.InRange((decimal)shown["job"]!["cost_usd"]!, 0.000_130m, 0.000_134m);
        Assert.Equal("Bearer secret-key", model.Authorization);
        Assert.Contains("Try it.", model.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key", string.Concat(folder.Lines(id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_is_ended_in_the_middle_when_its_budget_is_spent()
    {
        await using var model = new ModelServer([.. Enumerable.Repeat(new string('x', 4000), 200)], TimeSpan.FromMilliseconds(50));
        using var folder = Folder(model.Url, maxCostUsd: 0.01);
        folder.Write();
        var id = await folder.SubmitAsync("idea");
        await folder.WorkAsync();
        var shown = await folder.ShowAsync(id);
        Assert.Equal(("STOPPED_BUDGET", "max_cost_usd"), ((string)shown["job"]!["state"]!, (string)shown["budget"]!["stopped_by"]!));
        Assert.InRange((decimal)shown["job"]!["cost_usd"]!, 0.01m, 0.02m);
        Assert.True(model.Sent < 100, $"{model.Sent} of 200 parts were sent");
    }

    [Fact]
    public async Task A_call_that_could_cost_more_than_is_left_is_not_made()
    {
        await using var model = new ModelServer([Answer], TimeSpan.Zero);
        using var folder = Folder(model.Url, maxCostUsd: 0.001);
        folder.Write();
        var id = await folder.SubmitAsync("idea");
        await folder.WorkAsync();
        Assert.Equal("STOPPED_BUDGET", (string)(await folder.ShowAsync(id))["job"]!["state"]!);
        Assert.Equal(0, model.Requests);
    }

    [Fact]
    public async Task An_answer_that_is_no_document_or_breaks_off_is_an_error()
    {
        await using var chatty = new ModelServer(["Certainly! Here is your blueprint."], TimeSpan.Zero);
        Assert.Contains("breaks blueprint_v1", await MessageAsync(chatty), StringComparison.Ordinal);
        await using var broken = new ModelServer([Answer], TimeSpan.Zero) { BreaksOff = true };
        Assert.Contains("exit code 3", await MessageAsync(broken), StringComparison.Ordinal);
    }

    private static async Task<string> MessageAsync(ModelServer model)
    {
        using var folder = Folder(model.Url, maxCostUsd: 1);
        folder.Write();
        var id = await folder.SubmitAsync("idea");
        await folder.WorkAsync();
        return (string)(await folder.ShowAsync(id))["job"]!["message"]!;
    }

    private static JobFolder Folder(string url, double maxCostUsd)
    {
        var folder = new JobFolder();
        folder.Budget["max_cost_usd"] = maxCostUsd;
        folder.Components["intent"] = new JsonObject
        {
            ["model"] = new JsonObject
            {
                ["endpoint"] = url,
                ["model"] = "test-1",
                ["instructions"] = "Make a blueprint of the idea.",
                ["max_output_tokens"] = 1000,
                ["input_usd_per_million_tokens"] = 0.1,
                ["output_usd_per_million_tokens"] = 2,
            },
            ["input_contract"] = "stage_input_v1",
            ["output_contract"] = "blueprint_v1",
            ["budgets"] = new JsonObject { ["time_ms"] = 30_000 },
        };
        return folder;
    }

    /// <summary>A model behind HTTP.</summary>
    private sealed class ModelServer : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _loop;

        public ModelServer(string[] parts, TimeSpan pause)
        {
            var port = FreePort.Take();
            Url = $"http://127.0.0.1:{port}/v1";
            _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            _listener.Start();
            _loop = Task.Run(() => ServeAsync(parts, pause));
        }

        public string Url { get; }

        public bool BreaksOff { get; init; }

        public int Requests { get; private set; }

        public int Sent { get; private set; }

        public string? Authorization { get; private set; }

        public string Body { get; private set; } = "";

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _loop;
            _listener.Close();
        }

        private async Task ServeAsync(string[] parts, TimeSpan pause)
        {
            try
            {
                for (; ; )
                {
                    var context = await _listener.GetContextAsync();
                    Requests++;
                    Authorization = context.Request.Headers["Authorization"];
                    using var reader = new StreamReader(context.Request.InputStream);
                    Body = await reader.ReadToEndAsync();
                    await AnswerAsync(context.Response, parts, pause);
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(HttpListenerResponse response, string[] parts, TimeSpan pause)
        {
            try
            {
                response.ContentType = "text/event-stream";
                response.SendChunked = true;
                foreach (var part in parts)
                {
                    await Send(response, new JsonObject { ["choices"] = new JsonArray(new JsonObject { ["delta"] = new JsonObject { ["content"] = part } }) });
                    Sent++;
                    await Task.Delay(pause);
                }

                if (!BreaksOff)
                {
                    await Send(response, new JsonObject { ["choices"] = new JsonArray(new JsonObject { ["delta"] = new JsonObject(), ["finish_reason"] = "stop" }) });
                    await Send(response, new JsonObject { ["choices"] = new JsonArray(), ["usage"] = new JsonObject { ["prompt_tokens"] = 900, ["completion_tokens"] = 20 } });
                    await response.OutputStream.WriteAsync("data: [DONE]\n\n"u8.ToArray());
                }

                response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
            {
                // The caller was ended in the middle.
            }
        }

        private static async Task Send(HttpListenerResponse response, JsonObject data)
        {
            await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes($"data: {data.ToJsonString()}\n\n"));
            await response.OutputStream.FlushAsync();
        }
    }
}
