using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Jobs;

namespace Assay.Cli.Commands;

/// <summary><c>assay worker</c>: advances what can be advanced. It does no network I/O itself.</summary>
internal static class WorkerCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var jobs = new Option<bool>("--run-jobs") { Description = "Advance jobs until each waits for a person or has ended" };
        var once = new Option<bool>("--once") { Description = "Leave when there is nothing to do" };
        var concurrency = CheckedOption.Whole(["--concurrency", "-j"], "How many jobs at once", standard: 2, least: 1, most: 256);
        var command = new Command("worker", "Do what is due; several workers share the work of a workspace. SIGTERM lets what runs come to its end") { jobs, once, concurrency };
        command.SetAction(async (parsed, drain) =>
        {
            if (!parsed.GetValue(jobs))
            {
                Console.Error.WriteLine("assay: say what to do: --run-jobs");
                return ExitCodes.BadInput;
            }

            await using var workspace = Workspace.Open(globals.WorkspacePath(parsed));
            var done = ImmutableArray.CreateBuilder<WorkerJob>();
            var leftBehind = false;
            void LetGo(WorkerJob job)
            {
                leftBehind |= job.State is JobWorker.NotAdvanced or JobWorker.FileMissing;
                if (globals.Json(parsed) && parsed.GetValue(once)) done.Add(job);
                else if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(job, WorkerLineJson.Default.WorkerJob));
                else Console.Out.WriteLine(Line(job));
            }

            await new JobWorker(workspace, TimeProvider.System, parsed.GetValue(concurrency), LetGo).RunAsync(parsed.GetValue(once), drain);
            if (globals.Json(parsed) && parsed.GetValue(once))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(new WorkerReport(done.ToImmutable()), JobViewJson.Shared.WorkerReport));
            }

            return leftBehind && parsed.GetValue(once) ? ExitCodes.FailClosed : ExitCodes.Done;
        });
        return command;
    }

    private static string Line(WorkerJob job)
    {
        var step = job.State == "WAITING_APPROVAL" ? $" ({job.Step})" : "";
        var message = job.Message is { } text ? $"  {Words.Safe(text)}" : "";
        return $"{DateTime.UtcNow:HH:mm:ss}  {job.JobId}  {job.State}{step}{message}";
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower)]
[System.Text.Json.Serialization.JsonSerializable(typeof(WorkerJob))]
internal sealed partial class WorkerLineJson : System.Text.Json.Serialization.JsonSerializerContext;
