using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Ledger.Verification;
using Assay.Tasks;

namespace Assay.Cli.Commands;

/// <summary><c>assay demo tasks</c>: the example <c>fix-the-kata</c> in a folder of its own, with its agents, as a night would go.</summary>
internal static class TasksDemo
{
    private const string Example = "examples/tasks/fix-the-kata";
    private const string RunId = "kata-night-1";
    private const int Jobs = 2;
    private const int MostListed = 100;

    public static async Task<int> RunAsync(string? workspacePath, bool json, CancellationToken cancel)
    {
        if (DemoCommand.Find(Example) is not { } example)
        {
            return DemoCommand.Refuse($"{Example} is not here: run it from a clone of the repository", json);
        }

        if (DecisionRule.Problem(CommandLineCaller.Here) is { } no) return Problems.Print("demo", no, json);
        var root = Path.Combine(Directory.CreateTempSubdirectory("assay-demo-").FullName, "kata-project");
        var port = FreePort();
        if (!Setup(example, root, port)) return DemoCommand.Refuse($"{example}/setup failed: it needs git", json);
        using var agent = Process.Start(new ProcessStartInfo("perl", [Path.Combine(root, "agents", "http-agent.pl"), port.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        try
        {
            await agent.StandardOutput.ReadLineAsync(cancel);
            return await WalkAsync(root, workspacePath ?? Path.Combine(root, WorkspacePaths.DefaultName), json, cancel);
        }
        finally
        {
            agent.Kill();
        }
    }

    private static async Task<int> WalkAsync(string root, string workspacePath, bool json, CancellationToken cancel)
    {
        var output = json ? Console.Error : Console.Out;
        var prepared = TaskExecutor.Prepare(root, RunId, null, CommandLineCaller.Here.Actor);
        if (!prepared.IsValid) return Problems.Print(prepared.Problems, json);
        await using var workspace = await Workspace.OpenAsync(workspacePath, KnownLanes.All);
        output.WriteLine("Eight tasks for four small programs whose tests fail. Each is done in a copy of the tree and tested there before it comes into the tree.");
        output.WriteLine();
        var executor = new TaskExecutor(workspace, TimeProvider.System, new TaskReporter(output).Observe);
        if (await executor.RunAsync(prepared.Value, Jobs, ExecutionPatience.UntilPeople, CommandLineCaller.Here.Actor, cancel) is not { Value: { Cancelled: false } }) return ExitCodes.Cancelled;
        output.WriteLine();
        output.WriteLine("Morning. One task waits for a person, who writes a note and gives it as evidence.");
        var note = Path.Combine(root, "release-note.md");
        await File.WriteAllTextAsync(note, "FizzBuzz, Roman digits, leap years and wrapping are mended.\n", cancel);
        var service = await TaskService.OpenAsync(workspace, TimeProvider.System);
        await service.DoneAsync(RunId, "release", [note], "done in the demo", CommandLineCaller.Here);
        if (await executor.RunAsync(prepared.Value, Jobs, ExecutionPatience.UntilPeople, CommandLineCaller.Here.Actor, cancel) is not { Value: { Cancelled: false } end }) return ExitCodes.Cancelled;

        var report = await new LedgerVerifier(workspace.Store, KnownLanes.All, workspace.Mirror).VerifyAsync();
        if (json)
        {
            Console.Out.Write(end.Results);
            return report.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.FailClosed;
        }

        output.WriteLine();
        TaskTable.Print(end.View);
        output.WriteLine();
        PatchTable.List(await service.PatchRowsAsync(null, null, null, MostListed)).Print(null, json: false);
        output.WriteLine($"""

            assay verify: {report.Streams} streams, {report.Events} events, {report.Files} files: {(report.Problems.Count == 0 ? "all agree" : "they do not agree")}

            Look around:
              cd {root}
              assay task show cheat
              assay patch show {end.View.Tasks.Single(t => t.TaskId == "roman").PatchId}
              git -C kata diff
              assay serve
            """);
        return report.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.FailClosed;
    }

    private static bool Setup(string example, string root, int port)
    {
        using var setup = Process.Start(new ProcessStartInfo(Path.Combine(example, "setup"), [root, port.ToString(CultureInfo.InvariantCulture)]) { UseShellExecute = false })!;
        setup.WaitForExit();
        return setup.ExitCode == 0;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
