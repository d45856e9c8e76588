using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Inputs;
using Assay.Jobs;
using Assay.Lanes.Jobs;

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
    public static Task<int> PutAsync(GlobalOptions globals, ParseResult parsed, Func<JobService, Task<Answer<JobReceipt>>> put) => WithAsync(globals.OpenExistingAsync(parsed), async service =>
    {
        return Print(await put(service), globals.Json(parsed));
    });

    public static int Print(Answer<JobReceipt> answer, bool json)
    {
        if (!answer.IsGiven) return Problems.Print(answer.Subject, answer.Refusal, json);
        var receipt = answer.Value;
        Console.Out.WriteLine(json ? JsonSerializer.Serialize(receipt, JobViewJson.Shared.JobReceipt) : $"{receipt.JobId}  {receipt.Status}");
        return ExitCodes.Done;
    }
}
