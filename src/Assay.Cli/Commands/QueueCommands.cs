using System.CommandLine;
using Assay.Cli.Output;
using Assay.Lanes.Queue.Safety;
using Assay.Queue;

namespace Assay.Cli.Commands;

/// <summary><c>assay queue …</c></summary>
internal static class QueueCommands
{
    public static Command Create(GlobalOptions globals) => new("queue", "Prompts and commands that are left to workers: their safety") { Check(globals), Judge(globals) };

    private static Option<string> Root()
    {
        var root = new Option<string>("--root") { Description = "The queue's folder (default: here)", HelpName = "DIR", DefaultValueFactory = static _ => "." };
        root.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string>().Length == 0) result.AddError("--root names no folder");
        });
        return root;
    }

    private static Command Check(GlobalOptions globals)
    {
        var root = Root();
        var init = new Option<bool>("--init") { Description = "First write the shipped safety_constraints.json; one that is there is left as it is, and refused" };
        return CheckCommand.Create(globals, "Check the files of a queue, and try the cases of its constraints", [root, init], parsed =>
        {
            var folder = parsed.GetValue(root)!;
            if (parsed.GetValue(init) && Constraints.Init(folder) is { } problem) return (folder, [problem]);
            return (folder, QueueFile.Check(folder));
        });
    }

    private static Command Judge(GlobalOptions globals)
    {
        var root = Root();
        var prompt = new Option<string?>("--prompt") { Description = "A prompt", HelpName = "TEXT" };
        var command = new Option<string?>("--command") { Description = "A command, judged as one that works in a copy of the folder", HelpName = "TEXT" };
        var task = new Option<string?>("--task") { Description = "A task, as queue.json would hold it", HelpName = "FILE" };
        var judge = new Command("judge", "Say whether something may start, and why not; nothing is started. Exit code 0: it may, 5: a person must agree, 6: never")
        {
            prompt, command, task, root,
        };
        judge.Validators.Add(result =>
        {
            var given = new Option[] { prompt, command, task }.Count(o => result.GetResult(o) is { Implicit: false });
            if (given != 1) result.AddError("name one of --prompt, --command and --task");
        });
        judge.SetAction(parsed =>
        {
            var here = new QueueJudge(parsed.GetValue(root)!);
            if (parsed.GetValue(task) is not { } file)
            {
                return Print(parsed.GetValue(prompt) is { } text ? here.Prompt(text) : here.Command(parsed.GetValue(command)!), globals.Json(parsed));
            }

            var judged = here.Task(file);
            return judged.IsValid ? Print(judged.Value, globals.Json(parsed)) : Problems.Print(judged.Problems, globals.Json(parsed));
        });
        return judge;
    }

    private static int Print(SafetyReport report, bool json)
    {
        Console.Out.WriteLine(json ? SafetyText.Json(report) : Words.SafeLines(SafetyText.Lines(report)));
        return report.Verdict switch
        {
            SafetyVerdict.Allow => ExitCodes.Done,
            SafetyVerdict.NeedsApproval => ExitCodes.WaitsForPerson,
            SafetyVerdict.Deny => ExitCodes.PolicyViolation,
            _ => throw new InvalidOperationException($"unknown verdict {report.Verdict}"),
        };
    }
}
