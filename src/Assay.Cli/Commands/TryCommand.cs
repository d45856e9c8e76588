using System.CommandLine;
using System.Text.Json;
using Assay.Cli.Output;
using Assay.Engine;
using Assay.Engine.Processes;
using Assay.Engine.Workspaces;
using Assay.Epochs;
using Assay.Kernel.Effects;

namespace Assay.Cli.Commands;

/// <summary><c>assay try</c>: one command in the cage. It exits as <c>timeout</c> and <c>env</c> do.</summary>
internal static class TryCommand
{
    public const string Name = "try";

    /// <summary>The argument that holds the command and its words.</summary>
    public const string Words = "COMMAND";

    /// <summary>Assay itself could not do its part.</summary>
    public const int OwnFailure = 125;

    private const int TimedOut = 124;
    private const int NotExecutable = 126;
    private const int NotFound = 127;
    private const int KilledByCap = 137;
    private const int SignalBase = 128;
    private const int ENOENT = 2;

    public static Command Create(GlobalOptions globals)
    {
        var words = new Argument<string[]>(Words) { Description = "The command and its arguments, behind --", Arity = ArgumentArity.OneOrMore };
        var level = new Option<SandboxLevel>("--sandbox")
        {
            Description = "none, confined (with the network), strict, isolated",
            DefaultValueFactory = _ => SandboxLevel.Strict,
        };
        var memory = Size("--memory", 1024, "Memory of all it starts together, in MiB");
        var disk = Size("--disk", 1024, "What it may leave on the disk, in MiB");
        var time = new Option<double>("--time") { Description = "Seconds until it is ended", HelpName = "S", DefaultValueFactory = _ => 60 };
        var reads = Paths("--reads", "A file or folder that it may read besides the system's programs and the current folder");
        var hides = Paths("--hides", "A file or folder in these that stays out of its reach");
        var writes = Paths("--writes", "A folder that it may change, besides one of its own; --writes . for the current one");
        var command = new Command(Name, "Run one command in the cage, from any folder, and keep a record")
        {
            level, memory, time, disk, reads, hides, writes, words,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var options = new TryOptions
            {
                Command = [.. parsed.GetValue(words)!],
                Folder = Directory.GetCurrentDirectory(),
                Level = parsed.GetValue(level),
                Reads = [.. parsed.GetValue(reads)!],
                Hides = [.. parsed.GetValue(hides)!],
                Writes = [.. parsed.GetValue(writes)!],
                TimeMs = (long)(parsed.GetValue(time) * 1000),
                MemoryBytes = parsed.GetValue(memory) << 20,
                DiskBytes = parsed.GetValue(disk) << 20,
            };
            if (options.Command[0].StartsWith('-'))
            {
                Console.Error.WriteLine($"assay: {options.Command[0]} is no option of try: see assay try --help, and put the command behind --");
                return OwnFailure;
            }

            if (options is { TimeMs: <= 0 } or { MemoryBytes: <= 0 } or { DiskBytes: <= 0 })
            {
                Console.Error.WriteLine("assay: --time, --memory and --disk take numbers above 0");
                return OwnFailure;
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
            return OwnFailure;
        }

        await using var workspace = Workspace.Open(path);
        using var output = new LiveOutput(json);
        var end = await new TryRunner(workspace, TimeProvider.System, output.Observe).RunAsync(prepared.Value, cancel);
        if (end is not { Run: EpochRun.Ended ended, Outcome: { } outcome })
        {
            if (end.Run is EpochRun.Refused refused) Problems.Print(refused.Problems, json);
            else Console.Error.WriteLine("assay: the command was not run to its end: assay log shows why");
            return OwnFailure;
        }

        var report = TryReport.Of(ended, outcome, ExitCode(outcome));
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(report, TryReportJson.Shared.TryReport));
        else Console.Error.WriteLine(report.Line(options));
        return report.ExitCode;
    }

    /// <summary>As <c>timeout</c> and <c>env</c> exit: the command's own, or why it has none.</summary>
    private static int ExitCode(ProcessOutcome outcome) => outcome switch
    {
        { StartError: not null, StartErrno: ENOENT } => NotFound,
        { StartError: not null, StartErrno: not null } => NotExecutable,
        { StartError: not null } => OwnFailure,
        { KillReason: KillReason.Timeout or KillReason.Deadline } => TimedOut,
        { KillReason: KillReason.Cancelled } => ExitCodes.Cancelled,
        { KillReason: not null } => KilledByCap,
        { Signal: { } signal } => SignalBase + signal,
        { ExitCode: { } code } => code,
        _ => OwnFailure,
    };

    private static Option<long> Size(string name, long standard, string description) =>
        new(name) { Description = description, HelpName = "MB", DefaultValueFactory = _ => standard };

    private static Option<string[]> Paths(string name, string description) =>
        new(name) { Description = description, HelpName = "PATH", DefaultValueFactory = _ => [], Arity = ArgumentArity.OneOrMore };

    /// <summary>Passes on what the command prints, as it comes. Under --json all of it goes to standard error.</summary>
    private sealed class LiveOutput : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly Stream _stdout;
        private readonly Stream _stderr;

        public LiveOutput(bool json)
        {
            _stderr = Console.OpenStandardError();
            _stdout = json ? _stderr : Console.OpenStandardOutput();
        }

        public void Observe(EngineNotice notice)
        {
            if (notice is not AttemptProgressed { Progress: ProcessOutput output }) return;
            lock (_gate)
            {
                try
                {
                    (output.Stream == "stdout" ? _stdout : _stderr).Write(output.Bytes.Span);
                }
                catch (IOException)
                {
                    // Nobody reads any more, as with | head; the record has all of it.
                }
            }
        }

        public void Dispose()
        {
            _stdout.Dispose();
            _stderr.Dispose();
        }
    }
}
