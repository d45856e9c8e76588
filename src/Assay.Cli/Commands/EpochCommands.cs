using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Epochs;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Lanes.Epochs;
using Assay.Observe;

namespace Assay.Cli.Commands;

/// <summary><c>assay epoch …</c></summary>
internal static class EpochCommands
{
    public static Command Create(GlobalOptions globals) => new("epoch", "Run capped trials in order, each leaving evidence, to a verdict")
    {
        Run(globals), Submit(globals), Check(globals), Show(globals), List(globals), Escalate(globals), Check(globals, word: "preflight"),
    };

    private static Command Run(GlobalOptions globals)
    {
        var plan = new Argument<string>("PLAN") { Description = "The plan (epoch_plan_v1), JSON or YAML" };
        var resume = new Option<bool>("--resume") { Description = "Go on with an interrupted or cancelled epoch of this plan" };
        var bump = new Option<bool>("--no-auto-bump") { Description = "Refuse an epoch_id that has run already, instead of taking the next free one" };
        var run = new RunOptions();
        var command = new Command("run", "Run a plan to its verdict") { plan, resume, bump };
        run.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var options = run.Read(parsed) with { Resume = parsed.GetValue(resume), AutoBump = !parsed.GetValue(bump) };

            // Looked at before the workspace is opened, so that bad input leaves nothing behind.
            var prepared = EpochRunner.Prepare(parsed.GetValue(plan)!, options);
            if (!prepared.IsValid) return Problems.Print(prepared.Problems, globals.Json(parsed));
            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            await using var reporter = EpochReporter.Choose(globals.Json(parsed));
            var result = await new EpochRunner(workspace, TimeProvider.System, reporter.Observe, Announce).RunAsync(prepared.Value, cancel);
            await reporter.DisposeAsync();
            return await ReportAsync(result, workspace, globals.Json(parsed));
        });
        return command;
    }

    private static Command Submit(GlobalOptions globals)
    {
        var plan = new Argument<string>("PLAN") { Description = "The plan (epoch_plan_v1), JSON or YAML" };
        var bump = new Option<bool>("--no-auto-bump") { Description = "Refuse an epoch_id that has run already, instead of taking the next free one" };
        var run = new RunOptions(isLeftToWorker: true);
        var command = new Command("submit", "Leave a plan to the workers of the workspace (assay worker)") { plan, bump };
        run.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var options = run.Read(parsed) with { AutoBump = !parsed.GetValue(bump) };
            var prepared = EpochRunner.Prepare(parsed.GetValue(plan)!, options);
            if (!prepared.IsValid) return Problems.Print(prepared.Problems, globals.Json(parsed));
            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            var answer = await new EpochRunner(workspace, TimeProvider.System).SubmitAsync(prepared.Value);
            if (!answer.IsGiven) return Problems.Print(answer.Subject, answer.Refusal, globals.Json(parsed));
            var receipt = answer.Value;
            Announce(new BegunRun(receipt.EpochId, receipt.BumpedFrom, HasEnded: false));
            var text = globals.Json(parsed) ? JsonSerializer.Serialize(receipt, EpochReceiptJson.Default.EpochReceipt) : receipt.EpochId;
            Console.Out.WriteLine(text);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Check(GlobalOptions globals, string word = CheckCommand.Name)
    {
        var plan = new Argument<string>("PLAN") { Description = "The plan (epoch_plan_v1) or ladder (epoch_ladder_v1), JSON or YAML" };
        return CheckCommand.Create(
            globals, "Check a plan or a ladder, its crucibles and this host without running anything", [plan],
            parsed => (parsed.GetValue(plan)!, Wrong(parsed.GetValue(plan)!)), word);
    }

    private static IReadOnlyList<InputProblem> Wrong(string path) => LadderRunner.IsLadder(path)
        ? LadderRunner.Prepare(path, new EpochOptions()).Problems
        : EpochRunner.Prepare(path, new EpochOptions()).Problems;

    private static Command Show(GlobalOptions globals)
    {
        var id = new IdArgument("EPOCH_ID", "The epoch");
        var command = new Command("show", "Show what came of an epoch; the exit code says its verdict") { id };
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = await globals.OpenForReadingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            if (await new EpochReader(workspace).ShowAsync(parsed.GetValue(id)!) is not { } view)
            {
                return Problems.Print(parsed.GetValue(id)!, Absent.Epoch(parsed.GetValue(id)!), globals.Json(parsed));
            }

            Print(view, globals.Json(parsed));
            if (globals.Json(parsed)) return ExitCodes.Of(view);
            foreach (var network in view.Networks) Console.Out.WriteLine(EgressWords.Of(network));
            await PointAsync(workspace, view.Summary.EpochId, json: false);
            return ExitCodes.Of(view);
        });
        return command;
    }

    private static Command List(GlobalOptions globals)
    {
        var list = new ListOptions();
        var command = new Command("list", "List the epochs of the workspace");
        list.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            await using var workspace = await globals.OpenForReadingAsync(parsed);
            if (workspace is null) return ExitCodes.BadInput;
            var (page, next, problem) = list.Page(parsed, await new EpochReader(workspace).ListAsync(), e => e.Key);
            if (problem is not null) return Problems.Print([problem], globals.Json(parsed));
            var listing = new Listing(
                "epochs", "assay epoch run PLAN runs one", "EPOCH", "PROFILE", "MODE", "STATE", "VERDICT", "PASSED", "DECLARED");
            foreach (var row in page)
            {
                listing.Add(
                    row, row.Key, row.Text("profile"), row.Text("mode"), row.Text("phase"), row.Text("verdict"),
                    $"{row.Number("passed")}/{row.Number("total")}", Shown.Time(row.Text("declared_at")));
            }

            listing.Print(next, globals.Json(parsed));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Escalate(GlobalOptions globals)
    {
        var ladder = new Argument<string>("LADDER") { Description = "The ladder (epoch_ladder_v1), JSON or YAML" };
        var autonomous = new Option<bool>("--autonomous") { Description = "Repeat a failed rung up to its attempts" };
        var maxEpochs = CheckedOption.OptionalWhole("--max-epochs", "The most epochs to run", least: 1, most: int.MaxValue);
        var resume = new Option<bool>("--resume")
        {
            Description = "Go on with an interrupted or cancelled run of this ladder, as it was started",
        };
        var bump = new Option<bool>("--no-auto-bump")
        {
            Description = "Refuse a ladder_id that was climbed already, instead of taking the next free one",
        };
        var run = new RunOptions();
        var command = new Command("escalate", "Climb a ladder of plans: each must reach its verdict before the next starts")
        {
            ladder, autonomous, maxEpochs, resume, bump,
        };
        run.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var options = run.Read(parsed) with { Resume = parsed.GetValue(resume), AutoBump = !parsed.GetValue(bump) };
            var prepared = LadderRunner.Prepare(parsed.GetValue(ladder)!, options);
            if (!prepared.IsValid) return Problems.Print(prepared.Problems, globals.Json(parsed));
            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            await using var reporter = EpochReporter.Choose(globals.Json(parsed));
            var answer = await new LadderRunner(workspace, TimeProvider.System, reporter.Observe, AnnounceClimb)
                .RunAsync(prepared.Value, parsed.GetValue(autonomous), parsed.GetValue(maxEpochs), cancel);
            await reporter.DisposeAsync();
            if (!answer.IsGiven) return Problems.Print(answer.Subject, answer.Refusal, globals.Json(parsed));
            if (globals.Json(parsed)) Console.Out.WriteLine(EpochText.Json(answer.Value.Summary));
            else LadderTable.Print(answer.Value.Summary);
            return ExitCodes.Of(answer.Value);
        });
        return command;
    }

    private static void Announce(BegunRun begun)
    {
        if (begun.BumpedFrom is { } from) Console.Error.WriteLine($"{from} has run already; this is {begun.Id}");
        if (begun.HasEnded) Console.Error.WriteLine($"{begun.Id} has its verdict already; nothing was run");
    }

    private static void AnnounceClimb(BegunRun begun)
    {
        const string advice = "--resume goes on with one that has not ended";
        if (begun.BumpedFrom is { } from) Console.Error.WriteLine($"{from} was climbed already; this is {begun.Id} ({advice})");
        if (begun.HasEnded) Console.Error.WriteLine($"{begun.Id} has ended already; nothing was run");
    }

    private static async Task<int> ReportAsync(Answer<EpochEnd> answer, Workspace workspace, bool json)
    {
        if (!answer.IsGiven) return Problems.Print(answer.Subject, answer.Refusal, json);
        var end = answer.Value;
        if (json) PrintJson(end.Summary);
        else SummaryTable.Print(end.Summary);
        await PointAsync(workspace, end.Summary.EpochId, json);
        return ExitCodes.Of(end.Summary.EpochVerdict, end.Reason);
    }

    /// <summary>Says where the evidence lies, and to a person what the crucibles that failed said last.</summary>
    private static async Task PointAsync(Workspace workspace, string epochId, bool json)
    {
        var evidence = await EpochEvidence.OfAsync(workspace, epochId);
        if (!json) foreach (var (crucibleId, line) in evidence.LastWords) Console.Error.WriteLine($"{crucibleId}: {Words.Safe(line)}");
        Console.Error.WriteLine($"Evidence: {Path.GetRelativePath(".", evidence.Folder)}");
    }

    private static void Print(EpochView view, bool json)
    {
        switch (view.Standing)
        {
            case { } standing when json:
                Console.Out.WriteLine(JsonSerializer.Serialize(standing, EpochViewJson.Shared.EpochStanding));
                break;
            case { } standing:
                StandingTable.Print(standing);
                break;
            case null when json:
                PrintJson(view.Summary);
                break;
            case null:
                SummaryTable.Print(view.Summary);
                break;
        }
    }

    private static void PrintJson(EpochSummary summary) => Console.Out.WriteLine(EpochText.Json(summary));

    /// <summary>Options that a run and an escalation share.</summary>
    private sealed class RunOptions(bool isLeftToWorker = false)
    {
        private readonly Option<EpochMode?> _mode = CheckedOption.Word(
            "--mode", "normal; shadow: nothing may count it; salvage: go on after failures and collect what they left", EpochMode.Normal);

        private readonly Option<string?> _artifacts = new("--artifacts-root")
        {
            Description = "Where epochs/ and c019_runs/ are written (default: the workspace)",
            HelpName = "DIR",
        };

        private readonly Option<string?> _base = new("--artifacts-base")
        {
            Description = "The same, with epochs directly in it: DIR/EPOCH_ID",
            HelpName = "DIR",
        };

        private readonly Option<string[]> _override = new("--runner-cmd-override")
        {
            Description = "Run this in place of every crucible's command; once for the program and for each of its arguments",
            HelpName = "WORD",
        };

        private readonly Option<int> _jobs = Concurrency.Option("crucibles run", standard: 1, most: 1024);

        public void AddTo(Command command)
        {
            command.Add(_mode);
            command.Add(_artifacts);
            command.Add(_base);
            command.Add(_override);
            command.Validators.Add(result =>
            {
                var areBoth = result.GetResult(_artifacts) is not null && result.GetResult(_base) is not null;
                if (areBoth) result.AddError("--artifacts-root and --artifacts-base exclude each other");
            });
            if (!isLeftToWorker) command.Add(_jobs);
        }

        public EpochOptions Read(ParseResult parsed) => new()
        {
            Mode = parsed.GetValue(_mode) ?? EpochMode.Normal,
            ArtifactsRoot = parsed.GetValue(_artifacts) ?? parsed.GetValue(_base),
            ArtifactsRootIsBase = parsed.GetValue(_base) is not null,
            RunnerCommandOverride = parsed.GetValue(_override) is [_, ..] words ? words : null,
            Jobs = isLeftToWorker ? 1 : parsed.GetValue(_jobs),
        };
    }
}

/// <summary>As the command answers that leaves an epoch to a worker.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EpochReceipt))]
internal sealed partial class EpochReceiptJson : JsonSerializerContext;
