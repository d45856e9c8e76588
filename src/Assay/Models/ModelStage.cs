using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;

namespace Assay.Models;

/// <summary>
/// One request to a model, as the process of a stage: the worker does no network I/O itself (ruling 23).
/// </summary>
public static class ModelStage
{
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
        try
        {
            var answer = await ModelChat.CompleteAsync(call, prompt.System, prompt.User, meterPath, cancel);
            await File.WriteAllTextAsync(Path.Combine(output, stage.OutputFile), answer, cancel);
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

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);
}
