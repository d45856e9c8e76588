using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Lanes.Shared;

namespace Assay.Models;

/// <summary>
/// One request to a model behind an OpenAI-compatible endpoint. The answer is streamed, and what it costs is written to the meter as it
/// comes, so that the engine can end the call in the middle.
/// </summary>
internal static class ModelChat
{
    private const decimal Million = 1_000_000m;

    /// <summary>A token of English has about four characters; the provider's own count, at the end, corrects what was metered before.</summary>
    private const int CharactersPerToken = 4;

    /// <summary>The most of an answer, and of one line of it.</summary>
    private const int MaxChars = 8 << 20;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(20);

    /// <summary>The whole answer, without a fence around it.</summary>
    /// <param name="call">The model and its prices.</param>
    /// <param name="system">What the model is told first.</param>
    /// <param name="user">What it is asked.</param>
    /// <param name="meterPath">The file that receives what is spent.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="HttpRequestException">The endpoint did not answer as it should.</exception>
    /// <exception cref="InvalidOperationException">The answer is not whole.</exception>
    public static async Task<string> CompleteAsync(ModelCall call, string system, string user, string meterPath, CancellationToken cancel)
    {
        await using var meter = new CostLines(meterPath);

        // The whole prompt is paid for once it is sent, so it is metered before.
        meter.Add(Tokens(system.Length + user.Length) * call.InputUsdPerMillionTokens / Million);
        return WithoutFence(await AskAsync(call, (system, user), meter, cancel));
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
        await foreach (var line in LinesAsync(reader, cancel))
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal)) continue;
            var data = line["data:".Length..].Trim();
            if (data == "[DONE]") break;
            var chunk = JsonNode.Parse(data)!.AsObject();
            var choice = chunk["choices"] is JsonArray { Count: > 0 } choices ? choices[0] : null;
            answer.Append((string?)choice?["delta"]?["content"]);
            if (answer.Length > MaxChars) throw new InvalidOperationException($"the answer is longer than {MaxChars} characters");
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

    /// <summary>The lines of a stream, none of which may be endless.</summary>
    private static async IAsyncEnumerable<string> LinesAsync(StreamReader reader, [EnumeratorCancellation] CancellationToken cancel)
    {
        var line = new StringBuilder();
        var buffer = new char[16 * 1024];
        for (int read; (read = await reader.ReadAsync(buffer, cancel)) > 0;)
        {
            var start = 0;
            for (int end; (end = Array.IndexOf(buffer, '\n', start, read - start)) >= 0; start = end + 1)
            {
                yield return line.Append(buffer, start, end - start).ToString().TrimEnd('\r');
                line.Clear();
            }

            if (line.Append(buffer, start, read - start).Length > MaxChars)
            {
                throw new InvalidOperationException($"a line of the answer is longer than {MaxChars} characters");
            }
        }

        if (line.Length > 0) yield return line.ToString();
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

    /// <summary>The meter: each line is there as soon as it is written.</summary>
    private sealed class CostLines(string path) : IAsyncDisposable
    {
        private readonly StreamWriter _file = new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

        public void Add(decimal usd) => _file.WriteLine($"{{\"cost_usd\":{usd.ToString("0.############", CultureInfo.InvariantCulture)}}}");

        public ValueTask DisposeAsync() => _file.DisposeAsync();
    }
}
