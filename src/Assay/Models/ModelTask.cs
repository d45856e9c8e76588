using System.Text.Json;
using Assay.Lanes.Tasks;

namespace Assay.Models;

/// <summary>One request to a model, as the process of a task: its prompt in, its answer out.</summary>
public static class ModelTask
{
    /// <summary>Whether this process was started for a task.</summary>
    public static bool IsAsked => Variable("ASSAY_MODEL_CALL") is not null;

    /// <summary>Makes the call that ASSAY_MODEL_CALL describes.</summary>
    /// <returns>Why there is no answer; null when there is.</returns>
    public static async Task<string?> RunAsync(CancellationToken cancel)
    {
        if (Variable("ASSAY_MODEL_CALL") is not { } settings || Variable("ASSAY_MODEL_PROMPT") is not { } prompt || Variable("ASSAY_MODEL_ANSWER") is not { } answer
            || Variable("ASSAY_MODEL_METER") is not { } meter)
        {
            return "this command is started by an executor, for a task";
        }

        var call = JsonSerializer.Deserialize(await File.ReadAllTextAsync(settings, cancel), TaskJson.Default.ModelCall)!;
        try
        {
            var text = await ModelChat.CompleteAsync(call, call.Instructions, await PromptAsync(prompt, cancel), meter, cancel);
            await File.WriteAllTextAsync(answer, text.EndsWith('\n') ? text : $"{text}\n", cancel);
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException or IOException)
        {
            return $"{call.Endpoint}: {e.Message}";
        }
    }

    /// <summary>The prompt, with what the attempt is given besides.</summary>
    private static async Task<string> PromptAsync(string path, CancellationToken cancel)
    {
        var prompt = await File.ReadAllTextAsync(path, cancel);
        (string Variable, string Says)[] documents =
        [
            ("ASSAY_CONTEXT", "Files of the tree, as JSON"), ("ASSAY_FAILED_TESTS", "Acceptance tests that failed on an earlier attempt, as JSON"),
        ];
        foreach (var (variable, says) in documents)
        {
            if (Variable(variable) is { } file) prompt += $"\n\n{says}:\n\n{await File.ReadAllTextAsync(file, cancel)}\n";
        }

        return prompt;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);
}
