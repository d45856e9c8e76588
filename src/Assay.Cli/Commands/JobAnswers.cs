using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Jobs;

namespace Assay.Cli.Commands;

/// <summary>Opens the service for a command, and prints what it answered.</summary>
internal static class JobAnswers
{
    /// <summary>Runs a command that only reads.</summary>
    public static Task<int> ReadAsync(GlobalOptions globals, ParseResult parsed, Func<JobService, Task<int>> act) =>
        WithAsync(globals.OpenForReadingAsync(parsed), act);

    private static async Task<int> WithAsync(Task<Workspace?> opening, Func<JobService, Task<int>> act)
    {
        await using var workspace = await opening;
        return workspace is null ? ExitCodes.BadInput : await act(await JobService.OpenAsync(workspace, TimeProvider.System));
    }

    /// <summary>Puts a request to a job, and prints the answer.</summary>
    public static Task<int> PutAsync(GlobalOptions globals, ParseResult parsed, Func<JobService, Task<JobAnswer>> put) => WithAsync(globals.OpenExistingAsync(parsed), async service =>
    {
        var answer = await put(service);
        if (answer.Refusal is { } refusal) return Problems.Print(answer.JobId, refusal, globals.Json(parsed));
        var id = answer.ChildJobId ?? answer.JobId;
        var status = answer.ChildJobId is null ? answer.Status! : "spawned";
        if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(new JobReceipt(id, status), JobViewJson.Shared.JobReceipt));
        else Console.Out.WriteLine($"{id}  {status}");
        return ExitCodes.Done;
    });
}
