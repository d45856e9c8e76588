using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Try;

namespace Assay.Cli.Commands;

/// <summary><c>assay try</c>: one command in the cage. It exits as <c>timeout</c> and <c>env</c> do.</summary>
internal static class TryCommand
{
    public const string Name = "try";

    /// <summary>The argument that holds the command and its words.</summary>
    public const string CommandWords = "COMMAND";

    private const int ENOENT = 2;

    private const double Megabyte = 1 << 20;
    private const double MostMegabytes = 1 << 30;
    private const double MostSeconds = 366 * 24 * 3600;

    public static Command Create(GlobalOptions globals)
    {
        var words = new Argument<string[]>(CommandWords) { Description = "The command and its arguments, behind --", Arity = ArgumentArity.OneOrMore };
        var level = CheckedOption.Word("--sandbox", "How it is held; confined has the network that --host or --network names, none holds nothing", SandboxLevel.Strict);
        var memory = CheckedOption.Decimal("--memory", "MB", "Memory of all it starts together, in MiB", standard: 1024, least: 1, MostMegabytes);
        var disk = CheckedOption.Decimal("--disk", "MB", "What it may leave on the disk, in MiB", standard: 1024, least: 0.001, MostMegabytes);
        var time = CheckedOption.Decimal("--time", "S", "Seconds until it is ended", standard: 60, least: 0.001, MostSeconds);
        var processes = CheckedOption.Whole(["--processes"], "Processes and threads at once", standard: 256, least: 1, most: 1 << 20);
        var reads = Paths("--reads", "A file or folder that it may read besides the system's programs and the current folder");
        var hides = Paths("--hides", "A file or folder in these that stays out of its reach");
        var writes = Paths("--writes", "A folder that it may change, besides one of its own; --writes . for the current one");
        var hosts = new Option<string[]>("--host")
        {
            Description = "What it may reach, as api.example.com:443 or *.example.org:443; makes the sandbox confined",
            HelpName = "NAME:PORT",
            DefaultValueFactory = _ => [],
            Arity = ArgumentArity.OneOrMore,
        };
        var network = CheckedOption.OptionalWord<OpenNetwork>("--network", "all: the host's own network, of which nothing is held or recorded");
        var traffic = CheckedOption.OptionalDecimal("--network-max", "MB", "What may pass to and from its hosts, in MiB", least: 0.001, MostMegabytes);
        var command = new Command(Name, "Run one command in the cage, from any folder, and keep a record")
        {
            level, memory, time, disk, processes, reads, hides, writes, hosts, network, traffic, words,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (Here() is not { } folder)
            {
                Console.Error.WriteLine("assay: the current folder is not there any more: go to another one");
                return ExitCodes.Try.OwnFailure;
            }

            var options = new TryOptions
            {
                Command = [.. parsed.GetValue(words)!],
                Folder = folder,
                Level = parsed.GetValue(level) ?? Standard(parsed.GetValue(hosts)!, parsed.GetValue(network)),
                Hosts = [.. parsed.GetValue(hosts)!],
                Network = parsed.GetValue(network),
                NetworkBytes = (long?)(parsed.GetValue(traffic) * Megabyte),
                Reads = [.. parsed.GetValue(reads)!],
                Hides = [.. parsed.GetValue(hides)!],
                Writes = [.. parsed.GetValue(writes)!],
                TimeMs = (long)(parsed.GetValue(time) * 1000),
                MemoryBytes = (long)(parsed.GetValue(memory) * Megabyte),
                DiskBytes = (long)(parsed.GetValue(disk) * Megabyte),
                Processes = parsed.GetValue(processes),
            };
            if (options.Command[0].StartsWith('-'))
            {
                var wrong = UsageRule.NoOption(parsed.CommandResult, options.Command[0]);
                Console.Error.WriteLine($"assay: {Words.Safe(wrong)}; the command stands behind -- [{UsageRule.Name}]");
                return ExitCodes.Try.OwnFailure;
            }

            return await RunAsync(options, globals.WorkspacePath(parsed), globals.Json(parsed), cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(TryOptions options, string path, bool json, CancellationToken cancel)
    {
        var prepared = TryRunner.Prepare(options);
        if (!prepared.IsValid)
        {
            Problems.Print(prepared.Problems, json);
            return ExitCodes.Try.OwnFailure;
        }

        if (TryRunner.Note(options) is { } note) Console.Error.WriteLine($"assay: {Words.Safe(note)}");
        await using var workspace = await Workspace.OpenAsync(path, KnownLanes.All);
        using var output = new LiveOutput(json);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, output.Ended);
        var end = await new TryRunner(workspace, TimeProvider.System, output.Observe).RunAsync(prepared.Value, either.Token);
        await output.FinishAsync(cancel);
        if (end is not { Run.Value: { } ended, Outcome: { } outcome })
        {
            if (end.Run.Refusal is { } refusal) Problems.Print(end.Run.Subject, refusal, json);
            else Console.Error.WriteLine("assay: the command was not run to its end: assay log shows why");
            return ExitCodes.Try.OwnFailure;
        }

        var isUnread = output.IsUnread && outcome.KillReason == KillReason.Cancelled;
        var report = TryReport.Of(ended, outcome, output.Problem is not null ? ExitCodes.Try.OwnFailure : isUnread ? ExitCodes.Try.BrokenPipe : ExitCode(outcome));
        if (output.IsInLine && !json && !Console.IsErrorRedirected) Console.Error.WriteLine();
        if (output.Problem is { } problem)
        {
            Console.Error.WriteLine($"assay: what the command printed could not be passed on ({problem}); the record has it");
        }

        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(report, TryReportJson.Shared.TryReport));
        else Console.Error.WriteLine(report.Line(options, isUnread, Shown(Path.Combine(workspace.Root, report.Record))));
        return report.ExitCode;
    }

    /// <summary>As <c>timeout</c> and <c>env</c> exit: the command's own, or why it has none.</summary>
    private static int ExitCode(ProcessOutcome outcome) => outcome switch
    {
        { StartError: not null, StartErrno: ENOENT } => ExitCodes.Try.NotFound,
        { StartError: not null, StartErrno: not null } => ExitCodes.Try.NotExecutable,
        { StartError: not null } => ExitCodes.Try.OwnFailure,
        { KillReason: KillReason.Timeout or KillReason.Deadline } => ExitCodes.Try.TimedOut,
        { KillReason: KillReason.Cancelled } => ExitCodes.Cancelled,
        { KillReason: not null } => ExitCodes.Try.KilledByCap,
        { Signal: { } signal } => ExitCodes.Try.SignalBase + signal,
        { ExitCode: { } code } => code,
        _ => ExitCodes.Try.OwnFailure,
    };

    /// <summary>The level that is meant where none is said: one with a network where one is asked for.</summary>
    private static SandboxLevel Standard(string[] hosts, OpenNetwork? network) =>
        hosts.Length > 0 || network is not null ? SandboxLevel.Confined : SandboxLevel.Strict;

    /// <summary>The current folder; null when it has been deleted.</summary>
    private static string? Here()
    {
        try
        {
            return Directory.GetCurrentDirectory();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A path from the current folder when it lies there, else absolute.</summary>
    private static string Shown(string path) =>
        Path.GetRelativePath(".", path) is var relative && relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;

    private static Option<string[]> Paths(string name, string description) =>
        new(name) { Description = description, HelpName = "PATH", DefaultValueFactory = _ => [], Arity = ArgumentArity.OneOrMore };
}
