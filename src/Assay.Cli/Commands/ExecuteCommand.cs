using System.CommandLine;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Gateway;
using Assay.Tasks;
using KernelRefusals = Assay.Kernel.Lanes.KernelRefusals;

namespace Assay.Cli.Commands;

/// <summary><c>assay execute</c>: works on a run of tasks.</summary>
internal static class ExecuteCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var inputs = new RunInputs();
        var jobs = Concurrency.Option("tasks", standard: 2, most: 64);
        var once = new Option<bool>("--once") { Description = "Do what can be done now, and leave" };
        var follow = new Option<bool>("--follow") { Description = "Wait for people too, until the run has finished" };
        var takeOver = new Option<bool>("--take-over") { Description = "Take the project from the workspace that has it, in which nobody may be at work" };
        var command = new Command("execute", "Execute the routed tasks of a run: each in a copy of its tree, tested, and only then brought into it") { jobs, once, follow, takeOver };
        foreach (var input in inputs.All) command.Add(input);
        command.Validators.Add(result =>
        {
            if (result.GetValue(once) && result.GetValue(follow)) result.AddError("--once and --follow exclude each other");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var prepared = inputs.Prepare(parsed);
            if (!prepared.IsValid) return Problems.Print(prepared.Problems, globals.Json(parsed));
            var path = globals.WorkspacePath(parsed);
            if (!parsed.GetValue(takeOver) && TaskExecutor.Claimed(prepared.Value, path) is { } claimed)
            {
                return Problems.Print(inputs.RunId(parsed), claimed, globals.Json(parsed));
            }

            await using var workspace = await Workspace.OpenAsync(path, KnownLanes.All);
            var patience = parsed.GetValue(once) ? ExecutionPatience.Once : parsed.GetValue(follow) ? ExecutionPatience.Follow : ExecutionPatience.UntilPeople;
            var reporter = new TaskReporter(Console.Error);
            var end = await new TaskExecutor(workspace, TimeProvider.System, reporter.Observe, new ModelGateways(TimeProvider.System)).RunAsync(prepared.Value, parsed.GetValue(jobs), patience, CommandLineCaller.Here.Actor, cancel, parsed.GetValue(takeOver));
            return Report(end, inputs.RunId(parsed), globals.Json(parsed));
        });
        return command;
    }

    private static int Report(ExecutionEnd end, string runId, bool json)
    {
        switch (end)
        {
            case ExecutionEnd.Refused refused:
                return Problems.Print(runId, refused.Refusal, json);
            case ExecutionEnd.Busy busy:
                var why = $"is being executed by process {busy.By.ProcessId} on {busy.By.Host}: wait for it, or end it";
                return TaskAnswers.Print(TaskAnswer.Refused(runId, KernelRefusals.Busy, why), json);
            case ExecutionEnd.Left left:
                if (json) Console.Out.Write(left.Results);
                else TaskTable.Print(left.View);
                return left.Cancelled ? ExitCodes.Cancelled : ExitCodes.Of(left.View);
            default:
                throw new InvalidOperationException($"unknown end {end}");
        }
    }
}
