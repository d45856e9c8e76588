using System.CommandLine;
using System.Text.Json.Nodes;
using Assay.Cli.Output;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;
using Assay.Tasks;
using LaneRow = Assay.Kernel.Lanes.LaneRow;

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
        var state = new Option<string?>("--state") { Description = "Only patches in this state", HelpName = "STATE" };
        var run = new IdOption("--run-id", "Only patches of this run", "--run");
        state.Validators.Add(result =>
        {
            var words = WireName<PatchState>.All;
            if (result.GetValueOrDefault<string?>() is { } word && !words.Contains(word)) result.AddError($"--state {word}: it is one of {string.Join(", ", words)}");
        });
        var list = new ListOptions();
        var command = new Command("list", "List patches, the latest first") { state, run };
        list.AddTo(command);
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, service =>
        {
            if (parsed.GetValue(run) is { } runId && service.Find(runId) is null)
            {
                return Task.FromResult(Problems.Print(runId, Absent.Run(runId), globals.Json(parsed)));
            }

            var (page, next, problem) = list.Page(
                parsed, (after, limit) => service.PatchRows(parsed.GetValue(state), parsed.GetValue(run), after, limit),
                row => (row.Text("updated_at")!, row.Key));
            if (problem is not null) return Task.FromResult(Problems.Print([problem], globals.Json(parsed)));
            PatchTable.List(page).Print(next, globals.Json(parsed));
            return Task.FromResult(ExitCodes.Done);
        }));
        return command;
    }

    private static Command Show(GlobalOptions globals)
    {
        var id = Id();
        var command = new Command("show", "Show a patch: its diff on standard output, where it stands on standard error") { id };
        command.SetAction((parsed, _) => TaskAnswers.ReadAsync(globals, parsed, service =>
        {
            if (service.Patch(parsed.GetValue(id)!) is not { } patch)
            {
                return Task.FromResult(Problems.Print(parsed.GetValue(id)!, Absent.Patch(parsed.GetValue(id)!), globals.Json(parsed)));
            }

            if (globals.Json(parsed)) PrintJson(patch, service);
            else Print(patch, service);
            return Task.FromResult(ExitCodes.Done);
        }));
        return command;
    }

    private static void Print(PatchView patch, TaskService service)
    {
        var declared = patch.Record.Patch;
        Console.Error.WriteLine($"{declared.PatchId}  {WireName<PatchState>.Of(patch.Record.State)}  by task {declared.TaskId} of {declared.RunId}, attempt {declared.Attempt}");
        foreach (var step in service.History(declared.PatchId))
        {
            var by = step.Text("actor") is { } actor ? $" ({Words.Safe(actor)})" : "";
            Console.Error.WriteLine($"  {Shown.Time(step.Text("at"))}  {step.Text("state"),-12} {Words.Safe(step.Text("reason") ?? "")}{by}".TrimEnd());
        }

        if (!Console.IsOutputRedirected)
        {
            Console.Out.Write(Words.SafeLines(System.Text.Encoding.UTF8.GetString(patch.Diff.Span).Replace("\t", "    ", StringComparison.Ordinal)));
            return;
        }

        using var output = Console.OpenStandardOutput();
        output.Write(patch.Diff.Span);
    }

    private static void PrintJson(PatchView patch, TaskService service)
    {
        var declared = patch.Record.Patch;
        Console.Out.WriteLine(new JsonObject
        {
            ["patch_id"] = declared.PatchId,
            ["diff_sha256"] = declared.DiffSha256.ToString(),
            ["run_id"] = declared.RunId,
            ["task_id"] = declared.TaskId,
            ["state"] = WireName<PatchState>.Of(patch.Record.State),
            ["reason"] = patch.Record.Reason,
            ["base_tree_sha256"] = declared.BaseTreeSha256.ToString(),
            ["files"] = JsonNode.Parse(patch.Changes.Bytes())!["files"]!.DeepClone(),
            ["history"] = new JsonArray([.. service.History(declared.PatchId).Select(Step)]),
        }.ToJsonString());
    }

    private static JsonObject Step(LaneRow row) => new() { ["state"] = row.Text("state"), ["at"] = row.Text("at"), ["reason"] = row.Text("reason"), ["by"] = row.Text("actor") };

    private static Command Apply(GlobalOptions globals)
    {
        var id = Id();
        var merge = new Option<bool>("--3way") { Description = "Merge with what files have become, where the two do not touch the same lines" };
        var command = new Command("apply", "Bring a patch into its tree that could not be brought there, or was rolled back") { id, merge };
        command.SetAction((parsed, _) => DecideAsync(globals, parsed, service => service.ApplyAsync(parsed.GetValue(id)!, parsed.GetValue(merge), CommandLineCaller.Here)));
        return command;
    }

    private static Command Rollback(GlobalOptions globals)
    {
        var id = Id();
        var command = new Command("rollback", "Take a patch out of its tree: byte for byte, or not at all") { id };
        command.SetAction((parsed, _) => DecideAsync(globals, parsed, service => service.RollBackAsync(parsed.GetValue(id)!, CommandLineCaller.Here)));
        return command;
    }

    private static Task<int> DecideAsync(GlobalOptions globals, ParseResult parsed, Func<TaskService, Task<TaskAnswer>> put) =>
        TaskAnswers.WithAsync(globals, parsed, async service => TaskAnswers.Print(await put(service), globals.Json(parsed)));

    private static IdArgument Id() => new("PATCH", "The patch's id: 16 hex digits");
}
