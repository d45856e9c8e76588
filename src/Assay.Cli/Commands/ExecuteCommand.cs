using System.CommandLine;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Gateway;
using Assay.Inputs;
using Assay.Tasks;

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
            return Report(end, globals.Json(parsed));
        });
        return command;
    }

    private static int Report(Answer<ExecutionEnd> answer, bool json)
    {
        if (!answer.IsGiven) return Problems.Print(answer.Subject, answer.Refusal, json);
        var end = answer.Value;
        if (json) Console.Out.Write(end.Results);
        else TaskTable.Print(end.View);
        return end.Cancelled ? ExitCodes.Cancelled : ExitCodes.Of(end.View);
    }
}
