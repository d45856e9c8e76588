using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Lanes;
using Assay.Lanes.Jobs;

namespace Assay.Jobs;

/// <summary>
/// One request to a model, as the process of a stage: the worker does no network I/O itself (ruling 23). The answer is streamed, and what it costs is
/// written to the meter as it comes, so that the engine can end the call in the middle.
/// </summary>
public static class ModelStage
{
    public const string CommandName = AssayCommand.ModelCall;

    private const decimal Million = 1_000_000m;

    /// <summary>A token of English has about four characters; the provider's own count, at the end, corrects what was metered before.</summary>
    private const int CharactersPerToken = 4;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(20);

    /// <summary>Makes the call that ASSAY_STAGE_INPUT describes.</summary>
    /// <returns>Why there is no answer; null when there is.</returns>
    public static async Task<string?> RunAsync(CancellationToken cancel)
    {
        if (Variable("ASSAY_STAGE_INPUT") is not { } inputPath || Variable("ASSAY_STAGE_OUTPUT") is not { } output || Variable("ASSAY_STAGE_METER") is not { } meterPath)
        {
            return "this command is started by the worker, for a stage";
        }

        var folder = Path.GetDirectoryName(inputPath)!;
        var call = JsonSerializer.Deserialize(await File.ReadAllTextAsync(Path.Combine(folder, StageProcess.ModelFile), cancel), JobJson.Default.ModelCall)!;
        var input = JsonNode.Parse(await File.ReadAllTextAsync(inputPath, cancel))!.AsObject();
        var stage = JobStages.Of((string)input["stage"]!);
        var prompt = Prompt(call, stage.Contract, input, folder);
        await using var meter = new CostLines(meterPath);
        try
        {
            // The whole prompt is paid for once it is sent, so it is metered before.
            meter.Add(Tokens(prompt.System.Length + prompt.User.Length) * call.InputUsdPerMillionTokens / Million);
            var answer = await AskAsync(call, prompt, meter, cancel);
            await File.WriteAllTextAsync(Path.Combine(output, stage.OutputFile), WithoutFence(answer), cancel);
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException or IOException)
        {
            return $"{call.Endpoint}: {e.Message}";
        }
    }

    private static (string System, string User) Prompt(ModelCall call, string contract, JsonObject input, string folder)
    {
        var system = new StringBuilder(call.Instructions)
            .Append("\n\nAnswer with one JSON document and nothing else. It must satisfy this JSON Schema:\n")
            .Append(ContractCatalog.Schema(contract).GetRawText());
        var user = new StringBuilder();
        foreach (var (name, reference) in input["documents"]!.AsObject())
        {
            user.Append(CultureInfo.InvariantCulture, $"# {name}\n").Append(File.ReadAllText(Path.Combine(folder, (string)reference!["path"]!))).Append("\n\n");
        }

        return (system.ToString(), user.ToString());
    }

    private static async Task<string> AskAsync(ModelCall call, (string System, string User) prompt, CostLines meter, CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectPatience, UseCookies = false };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{call.Endpoint.TrimEnd('/')}/chat/completions");
        if (call.ApiKeyFile is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(key, cancel)).Trim());
        }

        var body = new JsonObject
        {
            ["model"] = call.Model,
            ["max_tokens"] = call.MaxOutputTokens,
            ["temperature"] = 0,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "system", ["content"] = prompt.System }, new JsonObject { ["role"] = "user", ["content"] = prompt.User }),
        };
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"answered {(int)response.StatusCode}");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel), Encoding.UTF8);
        return await ReadAsync(call, reader, meter, Tokens(prompt.System.Length + prompt.User.Length), cancel);
    }

    private static async Task<string> ReadAsync(ModelCall call, StreamReader reader, CostLines meter, long metered, CancellationToken cancel)
    {
        var answer = new StringBuilder();
        var (inputMetered, outputMetered) = (metered, 0L);
        var isWhole = false;
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal)) continue;
            var data = line["data:".Length..].Trim();
            if (data == "[DONE]") break;
            var chunk = JsonNode.Parse(data)!.AsObject();
            var choice = chunk["choices"] is JsonArray { Count: > 0 } choices ? choices[0] : null;
            answer.Append((string?)choice?["delta"]?["content"]);
            if ((string?)choice?["finish_reason"] is { } reason)
            {
                isWhole = reason == "stop" ? true : throw new InvalidOperationException($"the answer ended early: {reason}");
            }

            var (input, output) = chunk["usage"] is JsonObject usage
                ? ((long)usage["prompt_tokens"]!, (long)usage["completion_tokens"]!)
                : (inputMetered, Tokens(answer.Length));
            var cost = (Math.Max(0, input - inputMetered) * call.InputUsdPerMillionTokens) + (Math.Max(0, output - outputMetered) * call.OutputUsdPerMillionTokens);
            (inputMetered, outputMetered) = (Math.Max(input, inputMetered), Math.Max(output, outputMetered));
            if (cost > 0) meter.Add(cost / Million);
        }

        return isWhole ? answer.ToString() : throw new InvalidOperationException("the answer broke off");
    }

    private static long Tokens(int characters) => (characters + CharactersPerToken - 1) / CharactersPerToken;

    /// <summary>Models like to wrap what they are asked for; the document is what stands inside.</summary>
    private static string WithoutFence(string answer)
    {
        var text = answer.Trim();
        if (!text.StartsWith("```", StringComparison.Ordinal) || !text.EndsWith("```", StringComparison.Ordinal)) return text;
        var start = text.IndexOf('\n', StringComparison.Ordinal);
        return start < 0 ? text : text[start..^3].Trim();
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    /// <summary>The stage's meter: each line is there as soon as it is written.</summary>
    private sealed class CostLines(string path) : IAsyncDisposable
    {
        private readonly StreamWriter _file = new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

        public void Add(decimal usd) => _file.WriteLine($"{{\"cost_usd\":{usd.ToString("0.############", CultureInfo.InvariantCulture)}}}");

        public ValueTask DisposeAsync() => _file.DisposeAsync();
    }
}
