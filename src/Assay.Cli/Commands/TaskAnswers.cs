using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Inputs;
using Assay.Lanes.Tasks;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary>Opens the service for a command, and prints what it answered.</summary>
internal static class TaskAnswers
{
    public static IdOption Run() => new("--run-id", "The run (default: the one that was worked on last)", "--run");

    public static Task<int> WithAsync(GlobalOptions globals, ParseResult parsed, Func<TaskService, Task<int>> act) =>
        WithAsync(globals.OpenExistingAsync(parsed), act);

    /// <summary>The same in a workspace that is made where there is none.</summary>
    public static async Task<int> WithNewAsync(GlobalOptions globals, ParseResult parsed, Func<TaskService, Task<int>> act)
    {
        await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
        return await act(await TaskService.OpenAsync(workspace, TimeProvider.System));
    }

    /// <summary>The same for a command that only reads.</summary>
    public static Task<int> ReadAsync(GlobalOptions globals, ParseResult parsed, Func<TaskService, Task<int>> act) =>
        WithAsync(globals.OpenForReadingAsync(parsed), act);

    public static Task<int> ReadRunAsync(GlobalOptions globals, ParseResult parsed, string? runId, Func<TaskService, RunView, Task<int>> act) =>
        ReadAsync(globals, parsed, service => OfRunAsync(service, globals, parsed, runId, act));

    /// <summary>The same of the run that was worked on last where none is named; null where there is no run at all.</summary>
    public static Task<int> ReadLatestAsync(
        GlobalOptions globals, ParseResult parsed, string? runId, Func<TaskService, RunView?, Task<int>> act) =>
        ReadAsync(globals, parsed, async service => runId is null && await service.LatestRunAsync() is null
            ? await act(service, null)
            : await OfRunAsync(service, globals, parsed, runId, act));

    private static async Task<int> WithAsync(Task<Workspace?> opening, Func<TaskService, Task<int>> act)
    {
        await using var workspace = await opening;
        return workspace is null ? ExitCodes.BadInput : await act(await TaskService.OpenAsync(workspace, TimeProvider.System));
    }

    public static Task<int> WithRunAsync(GlobalOptions globals, ParseResult parsed, string? runId, Func<TaskService, RunView, Task<int>> act) =>
        WithAsync(globals, parsed, service => OfRunAsync(service, globals, parsed, runId, act));

    private static async Task<int> OfRunAsync(TaskService service, GlobalOptions globals, ParseResult parsed, string? runId, Func<TaskService, RunView, Task<int>> act)
    {
        var id = runId ?? await service.LatestRunAsync();
        if (id is null) return Problems.Print("run", Absent.AnyRun(), globals.Json(parsed));
        return await service.RunViewAsync(id) is { } view
            ? await act(service, view)
            : Problems.Print(id, Absent.Run(id), globals.Json(parsed));
    }

    /// <summary>Puts a person's decision.</summary>
    public static Task<int> DecideAsync(GlobalOptions globals, ParseResult parsed, string? runId, Func<TaskService, string, Task<Answer<Receipt>>> put) =>
        WithRunAsync(globals, parsed, runId, async (service, view) => Print(await put(service, view.RunId), globals.Json(parsed)));

    public static int Print(Answer<Receipt> answer, bool json)
    {
        if (!answer.IsGiven) return Problems.Print(answer.Subject, answer.Refusal, json);
        var receipt = answer.Value;
        if (json) Console.Out.WriteLine(new JsonObject { ["id"] = receipt.Id, ["status"] = receipt.Status }.ToJsonString());
        else Console.Out.WriteLine($"{receipt.Id}  {receipt.Status}");
        return ExitCodes.Done;
    }
}
