using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Gateway;
using Assay.Host;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary><c>assay worker</c>: brings on whatever is due, of all lanes or of some.</summary>
internal static class WorkerCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var lanes = new Option<string[]>("--lanes")
        {
            Description = $"Only these lanes: {string.Join(", ", KnownLanes.Names)}",
            HelpName = "LANES",
            CustomParser = result => Names(result.Tokens),
        };
        lanes.Validators.Add(result =>
        {
            foreach (var name in result.Tokens.SelectMany(t => t.Value.Split(',')).Where(n => !KnownLanes.Names.Contains(n.Trim(), StringComparer.Ordinal)))
            {
                result.AddError($"--lanes: there is no lane {name}: {string.Join(", ", KnownLanes.Names)}");
            }
        });
        var runJobs = new Option<bool>("--run-jobs") { Description = "The same as --lanes jobs, which does no network I/O" };
        var runTasks = new Option<string[]>("--run-tasks")
        {
            Description = "Also begin the runs of these projects as soon as .state/routing_decisions.json says ROUTING_COMPLETE",
            HelpName = "ROOT",
            AllowMultipleArgumentsPerToken = true,
        };
        runTasks.Validators.Add(result =>
        {
            var missing = result.GetValueOrDefault<string[]>()?.FirstOrDefault(root => !Directory.Exists(root));
            if (missing is not null) result.AddError($"--run-tasks {missing}: there is no such folder");
        });
        var once = new Option<bool>("--once") { Description = "Leave when there is nothing to do" };
        var concurrency = Concurrency.Option("streams, and processes,", standard: 2, most: 256);
        var command = new Command("worker", "Do what is due, of all lanes; several workers share the work of a workspace. SIGTERM lets what runs come to its end")
        {
            lanes, runJobs, runTasks, once, concurrency,
        };
        command.Validators.Add(result =>
        {
            var named = Names(result.GetResult(lanes)?.Tokens ?? []);
            var contradiction = WorkerLanes.Contradiction(named, IsGiven(result.GetResult(runJobs)), IsGiven(result.GetResult(runTasks)));
            if (contradiction is not null) result.AddError(contradiction);
        });
        command.SetAction(async (parsed, drain) =>
        {
            var served = WorkerLanes.Served(parsed.GetValue(lanes) ?? [], parsed.GetValue(runJobs));
            await using var workspace = await Workspace.OpenAsync(globals.WorkspacePath(parsed), KnownLanes.All);
            var done = ImmutableArray.CreateBuilder<WorkerLine>();
            var leftBehind = false;
            void OnLine(WorkerLine line)
            {
                leftBehind |= AssayWorker.IsLeftBehind(line);
                if (globals.Json(parsed) && parsed.GetValue(once)) done.Add(line);
                else if (globals.Json(parsed)) Console.Out.WriteLine(JsonSerializer.Serialize(line, WorkerJson.Default.WorkerLine));
                else Console.Out.WriteLine(Text(line));
            }

            var options = new WorkerOptions
            {
                Lanes = served,
                Concurrency = parsed.GetValue(concurrency),
                Once = parsed.GetValue(once),
                Projects = [.. (parsed.GetValue(runTasks) ?? []).Select(root => new WatchedProject(Path.GetFullPath(root)))],
                By = CommandLineCaller.Here.Actor,
                Gateways = served.Contains(TaskModule.Name) ? new ModelGateways(TimeProvider.System) : null,
            };
            Announce(workspace, options, globals.Json(parsed));
            await new AssayWorker(workspace, TimeProvider.System, options, OnLine).RunAsync(drain);
            if (globals.Json(parsed) && parsed.GetValue(once)) Console.Out.WriteLine(JsonSerializer.Serialize(new WorkerReport(done.ToImmutable()), WorkerReportJson.Default.WorkerReport));
            return leftBehind && parsed.GetValue(once) ? ExitCodes.FailClosed : ExitCodes.Done;
        });
        return command;
    }

    private static string[] Names(IEnumerable<Token> given) =>
        [.. given.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static bool IsGiven(OptionResult? option) => option is { Implicit: false };

    private static void Announce(Workspace workspace, WorkerOptions options, bool json)
    {
        foreach (var project in options.Projects)
        {
            if (project.Missing is { } missing) Console.Error.WriteLine($"assay: {Words.Safe($"{project.Root} {missing}")}");
        }

        if (json) return;
        var lanes = string.Join(", ", options.Lanes!.Order(StringComparer.Ordinal));
        Console.Error.WriteLine($"Serves {lanes} in {Words.Safe(workspace.Root)}, {options.Concurrency} at once");
    }

    private static string Text(WorkerLine line)
    {
        var step = line.State == "WAITING_APPROVAL" ? $" ({line.Step})" : "";
        var message = line.Message is { } text ? $"  {Words.Safe(text)}" : "";
        return $"{Shown.Time(DateTimeOffset.Now)}  {line.Lane,-6}  {line.Id}  {line.State}{step}{message}";
    }
}

/// <summary>What a worker did that left when nothing was due.</summary>
internal sealed record WorkerReport(ImmutableArray<WorkerLine> Lines);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WorkerLine))]
internal sealed partial class WorkerJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(WorkerReport))]
internal sealed partial class WorkerReportJson : JsonSerializerContext;
