using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Inputs;
using Assay.Lanes.Jobs;

namespace Assay.Cli.Commands;

/// <summary><c>assay registry …</c></summary>
internal static class RegistryCommands
{
    private const string About = "The trials of jobs, whatever their gates said, and the cards of those that passed";

    public static Command Create(GlobalOptions globals) => new("registry", About) { List(globals), Show(globals) };

    private static Command List(GlobalOptions globals)
    {
        var verdict = CheckedOption.OneOf("--verdict", "Only trials whose gates said this", "PASS|FAIL", TrialSummary.Verdicts);
        var sort = ListOptions.Sort(TrialSummary.Orders);
        var list = new ListOptions();
        var command = new Command("list", "List the trials, the latest first") { verdict, sort };
        list.AddTo(command);
        command.SetAction((parsed, _) => JobAnswers.ReadAsync(globals, parsed, async service =>
        {
            var oldestFirst = parsed.GetValue(sort) is { IsDescending: false };
            var (page, next, problem) = await list.PageAsync(
                parsed, (after, limit) => service.Registry.ListAsync(parsed.GetValue(verdict), after, limit, oldestFirst),
                trial => trial.Place);
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            TrialTable.List(page).Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Show(GlobalOptions globals)
    {
        var id = new IdArgument("TRIAL", "A trial's number, or the id of a card");
        var command = new Command("show", "Show a trial with its card; the exit code says whether its gates passed") { id };
        command.SetAction((parsed, _) => JobAnswers.ReadAsync(globals, parsed, async service =>
        {
            var asked = parsed.GetValue(id)!;
            if (await service.Registry.FindAsync(asked) is not { } trial)
            {
                return Problems.Print(asked, Absent.Trial(asked), globals.Json(parsed));
            }

            if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(trial, JobViewJson.Shared.TrialView));
            else TrialTable.Print(trial);
            return trial.Trial.Verdict == TrialSummary.Pass ? ExitCodes.Done : ExitCodes.Failed;
        }));
        return command;
    }
}
