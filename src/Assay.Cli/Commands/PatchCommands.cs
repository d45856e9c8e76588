using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Cli.Output;
using Assay.Host;
using Assay.Inputs;
using Assay.Lanes.Tasks;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary><c>assay patch …</c></summary>
internal static class PatchCommands
{
    public static Command Create(GlobalOptions globals) => new("patch", "The ledger of changes: what each task changed, and where that change is now")
    {
        List(globals), Show(globals), Apply(globals), Rollback(globals),
    };

    private static Command List(GlobalOptions globals)
    {
        var state = CheckedOption.OneOf("--state", "Only patches in this state", "STATE", TaskService.PatchStates);
        var run = new IdOption("--run-id", "Only patches of this run", "--run");
        var list = new ListOptions();
        var command = new Command("list", "List patches, the latest first") { state, run };
        list.AddTo(command);
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, async service =>
        {
            if (parsed.GetValue(run) is { } runId && await service.VersionOfAsync(runId) == 0)
            {
                return Problems.Print(runId, Absent.Run(runId), globals.Json(parsed));
            }

            var (page, next, problem) = await list.PageAsync(
                parsed, (after, limit) => service.PatchRowsAsync(parsed.GetValue(state), parsed.GetValue(run), after, limit),
                row => (row.Text("updated_at")!, row.Key));
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            PatchTable.List(page).Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command Show(GlobalOptions globals)
    {
        var id = Id();
        var command = new Command("show", "Show a patch: its diff on standard output, where it stands on standard error") { id };
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, async service =>
        {
            if (await service.PatchDetailAsync(parsed.GetValue(id)!) is not { } patch)
            {
                return Problems.Print(parsed.GetValue(id)!, Absent.Patch(parsed.GetValue(id)!), globals.Json(parsed));
            }

            if (globals.Json(parsed)) PrintJson(patch);
            else Print(patch);
            return ExitCodes.Done;
        }));
        return command;
    }

    private static void Print(PatchDetail detail)
    {
        var patch = detail.Patch;
        Console.Error.WriteLine($"{patch.PatchId}  {patch.State}  by task {patch.TaskId} of {patch.RunId}, attempt {detail.Attempt}");
        foreach (var step in detail.History)
        {
            var by = step.By is { } actor ? $" ({Words.Safe(actor)})" : "";
            Console.Error.WriteLine($"  {Shown.Time(step.At)}  {step.What,-12} {Words.Safe(step.Note ?? "")}{by}".TrimEnd());
        }

        if (!Console.IsOutputRedirected)
        {
            Console.Out.Write(Words.SafeLines(System.Text.Encoding.UTF8.GetString(detail.Diff.Span).Replace("\t", "    ", StringComparison.Ordinal)));
            return;
        }

        using var output = Console.OpenStandardOutput();
        output.Write(detail.Diff.Span);
    }

    private static void PrintJson(PatchDetail detail)
    {
        var patch = detail.Patch;
        Console.Out.WriteLine(new JsonObject
        {
            ["patch_id"] = patch.PatchId,
            ["diff_sha256"] = detail.DiffSha256,
            ["run_id"] = patch.RunId,
            ["task_id"] = patch.TaskId,
            ["state"] = patch.State,
            ["reason"] = patch.Reason,
            ["base_tree_sha256"] = detail.BaseTreeSha256,
            ["files"] = JsonNode.Parse(detail.Changes.Bytes())!["files"]!.DeepClone(),
            ["history"] = new JsonArray([.. detail.History.Select(Step)]),
        }.ToJsonString());
    }

    private static JsonObject Step(HistoryView step) => new() { ["state"] = step.What, ["at"] = step.At, ["reason"] = step.Note, ["by"] = step.By };

    private static Command Apply(GlobalOptions globals)
    {
        var id = Id();
        var merge = new Option<bool>("--3way") { Description = "Merge with what files have become, where the two do not touch the same lines" };
        var untested = new Option<bool>("--untested") { Description = "Also into a tree on which it was not tested, which the record shows for ever" };
        var command = new Command("apply", "Bring a patch into its tree that could not be brought there, or was rolled back") { id, merge, untested };
        command.SetAction((parsed, _) => DecideAsync(globals, parsed, service =>
            service.ApplyAsync(parsed.GetValue(id)!, parsed.GetValue(merge), parsed.GetValue(untested), CommandLineCaller.Here)));
        return command;
    }

    private static Command Rollback(GlobalOptions globals)
    {
        var id = Id();
        var command = new Command("rollback", "Take a patch out of its tree: byte for byte, or not at all") { id };
        command.SetAction((parsed, _) => DecideAsync(globals, parsed, service => service.RollBackAsync(parsed.GetValue(id)!, CommandLineCaller.Here)));
        return command;
    }

    private static Task<int> DecideAsync(GlobalOptions globals, ParseResult parsed, Func<TaskService, Task<Answer<Receipt>>> put) =>
        TaskAnswers.WithAsync(globals, parsed, async service => TaskAnswers.Print(await put(service), globals.Json(parsed)));

    private static IdArgument Id() => new("PATCH", "The patch's id: 16 hex digits");
}
