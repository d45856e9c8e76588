using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Host;
using Assay.Inputs;

namespace Assay.Cli.Commands;

/// <summary><c>assay task …</c> and <c>assay run status</c></summary>
internal static class TaskCommands
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create(GlobalOptions globals) => new("task", "Look at the tasks of a run, and decide about them")
    {
        Check(globals), List(globals), Show(globals), Done(globals), Fail(globals), Retry(globals), Cancel(globals),
    };

    public static Command CreateRun(GlobalOptions globals)
    {
        var runId = new IdArgument("RUN_ID", "The run");
        var status = new Command("status", "Show how a run stands; the exit code says it too") { runId };
        status.SetAction((parsed, _) => TaskAnswers.ReadRunAsync(globals, parsed, parsed.GetValue(runId), async (service, view) =>
        {
            if (globals.Json(parsed)) Console.Out.WriteLine((await service.ResultsAsync(view.RunId))!.ToJsonString(Indented));
            else TaskTable.Print(view);
            return ExitCodes.Of(view);
        }));
        return new Command("run", "Runs of tasks") { ListRuns(globals), status };
    }

    private static Command ListRuns(GlobalOptions globals)
    {
        var list = new ListOptions();
        var command = new Command("list", "List the runs of tasks, the latest first");
        list.AddTo(command);
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, async service =>
        {
            var (page, next, problem) = await list.PageAsync(parsed, service.RunRowsAsync, row => (row.Text("started_at")!, row.Key));
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            var listing = new Listing("runs", "assay execute --run-id ID begins one", "RUN", "STATE", "COMPLETED", "STARTED", "PROJECT");
            foreach (var row in page)
            {
                listing.Add(
                    row, row.Key, row.Text("phase"), $"{row.Number("completed")}/{row.Number("tasks")}", Shown.Time(row.Text("started_at")),
                    row.Text("project_root"));
            }

            listing.Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Check(GlobalOptions globals)
    {
        var inputs = new RunInputs();
        return CheckCommand.Create(
            globals, "Check a run's task queue, routing and adapters and this host, without beginning it", inputs.All,
            parsed => (inputs.RunId(parsed), inputs.Prepare(parsed).Problems));
    }

    private static Command List(GlobalOptions globals)
    {
        var run = TaskAnswers.Run();
        var list = new ListOptions();
        var command = new Command("list", "List the tasks of a run") { run };
        list.AddTo(command);
        command.SetAction((parsed, _) => TaskAnswers.ReadLatestAsync(globals, parsed, parsed.GetValue(run), async (service, view) =>
        {
            var (page, next, problem) = list.Page(parsed, view?.Tasks ?? [], task => task.TaskId);
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            var listing = view is null ? TaskTable.None : TaskTable.List(page, (await service.ResultsAsync(view.RunId))!);
            listing.Print(next, globals.Json(parsed));
            if (view is not null && !globals.Json(parsed)) TaskTable.Stand(view);
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Show(GlobalOptions globals)
    {
        var (task, run) = (Id(), TaskAnswers.Run());
        var command = new Command("show", "Show a task: what it is to do, what happened, which tests passed; the exit code says how it stands") { task, run };
        command.SetAction((parsed, _) => TaskAnswers.ReadRunAsync(globals, parsed, parsed.GetValue(run), async (service, view) =>
        {
            var id = parsed.GetValue(task)!;
            if (await service.TaskViewAsync(view.RunId, id, TaskTable.LastLines) is not { } shown)
            {
                return Problems.Print(id, Absent.Task(view.RunId, id), globals.Json(parsed));
            }

            if (globals.Json(parsed)) Console.Out.WriteLine(TaskTable.Result((await service.ResultsAsync(view.RunId))!, id).ToJsonString());
            else TaskTable.Print(view, shown);
            return ExitCodes.Of(shown.Task);
        }));
        return command;
    }

    private static Command Done(GlobalOptions globals)
    {
        var (task, run) = (Id(), TaskAnswers.Run());
        var evidence = new Option<string[]>("--evidence") { Description = "Files that show it; kept with the record", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
        var note = new Option<string?>("--note") { Description = "A word on it", HelpName = "TEXT" };
        var command = new Command("done", "Say that a manual task is done") { task, run, evidence, note };
        command.SetAction((parsed, _) => TaskAnswers.DecideAsync(
            globals, parsed, parsed.GetValue(run), (service, runId) => service.DoneAsync(runId, parsed.GetValue(task)!, parsed.GetValue(evidence) ?? [], parsed.GetValue(note), CommandLineCaller.Here)));
        return command;
    }

    private static Command Fail(GlobalOptions globals)
    {
        var (task, run) = (Id(), TaskAnswers.Run());
        var reason = new Option<string>("--reason") { Description = "Why", HelpName = "TEXT", Required = true };
        var command = new Command("fail", "Say that a manual task cannot be done") { task, run, reason };
        command.SetAction((parsed, _) => TaskAnswers.DecideAsync(
            globals, parsed, parsed.GetValue(run), (service, runId) => service.FailAsync(runId, parsed.GetValue(task)!, parsed.GetValue(reason)!, CommandLineCaller.Here)));
        return command;
    }

    private static Command Retry(GlobalOptions globals)
    {
        var (task, run) = (Id(), TaskAnswers.Run());
        var reason = new Option<string?>("--reason") { Description = "Why", HelpName = "TEXT" };
        var command = new Command("retry", "Let a task that did not complete be tried again, with those that were cancelled because of it") { task, run, reason };
        command.SetAction((parsed, _) => TaskAnswers.DecideAsync(
            globals, parsed, parsed.GetValue(run), (service, runId) => service.RetryAsync(runId, parsed.GetValue(task)!, parsed.GetValue(reason), CommandLineCaller.Here)));
        return command;
    }

    private static Command Cancel(GlobalOptions globals)
    {
        var (task, run) = (Id(), TaskAnswers.Run());
        var reason = new Option<string?>("--reason") { Description = "Why", HelpName = "TEXT" };
        var command = new Command("cancel", "End a task, wherever it is") { task, run, reason };
        command.SetAction((parsed, _) => TaskAnswers.DecideAsync(
            globals, parsed, parsed.GetValue(run), (service, runId) => service.CancelAsync(runId, parsed.GetValue(task)!, parsed.GetValue(reason), CommandLineCaller.Here)));
        return command;
    }

    private static IdArgument Id() => new("TASK", "The task");
}
