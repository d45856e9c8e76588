using System.ComponentModel;
using System.Diagnostics;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Jobs;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;
using Assay.Ledger.Verification;
using Command = System.CommandLine.Command;

namespace Assay.Cli.Commands;

/// <summary><c>assay demo</c>: walks a newcomer through a shipped example, on the real thing.</summary>
internal static class DemoCommand
{
    private const string Example = "examples/jobs/momentum";
    private const string Snapshot = "prices_2010";

    /// <summary>What is walked through, in this order.</summary>
    private static readonly (string Introduction, string File)[] Stories =
    [
        ("A blueprint: compile, a person looks at the run specification, run, gates, registry.", "blueprint.yaml"),
        (
            "The same the other way round. It runs to its end, and its gates say no: the log has it, the registry no card.",
            "bad-blueprint.yaml"),
        ("An idea: agents propose, and a person decides at five checkpoints.", "idea.yaml"),
    ];

    public static Command Create(GlobalOptions globals)
    {
        var jobs = new Command("jobs", "Blueprint and idea to registry: a minute, with a decision at every checkpoint");
        jobs.SetAction((parsed, cancel) => JobsAsync(globals.GivenWorkspace(parsed), globals.Json(parsed), cancel));
        var tasks = new Command("tasks", "A night's tasks on a small repository: fixed, flaky, by hand, over HTTP, out of scope, and wrong");
        tasks.SetAction((parsed, cancel) => TasksDemo.RunAsync(globals.GivenWorkspace(parsed), globals.Json(parsed), cancel));
        return new Command("demo", "Walk through a shipped example") { jobs, tasks };
    }

    private static async Task<int> JobsAsync(string? workspacePath, bool json, CancellationToken cancel)
    {
        if (Find(Example) is not { } example) return Refuse($"{Example} is not here: run it from a clone of the repository", json);
        if (DecisionRule.Problem(CommandLineCaller.Here) is { } no) return Problems.Print("demo", no, json);
        if (!IsBuilt(example) && BuildProblem(example) is { } failed) return Refuse($"{example}/build failed: {failed}", json);
        var prepared = Stories.Select(s => (s.Introduction, Job: Prepare(example, s.File))).ToList();
        if (prepared.SelectMany(p => p.Job.Problems).FirstOrDefault() is { } problem)
        {
            return Refuse($"the example cannot run here: {problem}", json);
        }


        var (opened, unusable) = await OpenAsync(workspacePath);
        if (opened is null) return Refuse(unusable!, json);
        await using var workspace = opened;
        var service = await JobService.OpenAsync(workspace, TimeProvider.System);
        var demo = new JobsDemo(workspace, service, json ? Console.Error : Console.Out, cancel);
        var ids = new List<string>();
        foreach (var (introduction, job) in prepared)
        {
            if (await demo.RunAsync(introduction, job.Value) is not { } id) return ExitCodes.Cancelled;
            ids.Add(id);
        }

        var report = await new LedgerVerifier(workspace.Store, KnownLanes.All, workspace.Mirror).VerifyAsync();
        var listed = await service.ListAsync(new JobFilter(), null, 10);
        if (json)
        {
            JobTable.List(listed).Print(null, json);
            return report.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.FailClosed;
        }

        Console.Out.WriteLine();
        JobTable.List(listed).Print(null, json);
        Console.Out.WriteLine($"""

            assay verify: {report.Streams} streams, {report.Events} events, {report.Files} files: {(report.Problems.Count == 0 ? "all agree" : "they do not agree")}

            Look around, and decide about the two that the idea has spawned:
              assay job show {ids[^1]} --workspace {workspace.Root}
              assay serve --workspace {workspace.Root} --components {example}/components.json --policies {example}/policies.yaml
              assay worker --run-jobs --workspace {workspace.Root}
            """);
        return report.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.FailClosed;
    }

    /// <summary>A folder of the repository that this program was built in; null when it is not there.</summary>
    public static string? Find(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, relative))) return Path.Combine(folder.FullName, relative);
        }

        return Directory.Exists(relative) ? Path.GetFullPath(relative) : null;
    }

    /// <summary>Whether the components are there, and none of their sources has changed since.</summary>
    private static bool IsBuilt(string example)
    {
        var program = new FileInfo(Path.Combine(example, "bin", "momentum.dll"));
        var sources = Directory.EnumerateFiles(Path.Combine(example, "components"), "*.cs");
        return program.Exists && sources.All(s => File.GetLastWriteTimeUtc(s) <= program.LastWriteTimeUtc);
    }

    /// <summary>Builds the components; what went wrong in one line, or null.</summary>
    private static string? BuildProblem(string example)
    {
        Console.Error.WriteLine("Building the example's components …");
        try
        {
            string[] command = ["-c", "exec \"$0\" 2>&1", Path.Combine(example, "build")];
            using var build = Process.Start(new ProcessStartInfo("sh", command) { UseShellExecute = false, RedirectStandardOutput = true })!;
            var said = build.StandardOutput.ReadToEnd();
            build.WaitForExit();
            if (build.ExitCode == 0) return null;
            return said.Split('\n').LastOrDefault(l => l.Trim().Length > 0)?.Trim() ?? $"it exited with {build.ExitCode}";
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }

    private static Checked<PreparedJob> Prepare(string example, string file)
    {
        var document = JobService.ReadDocument(Path.Combine(example, file));
        if (!document.IsValid) return Checked<PreparedJob>.Refused(document.Problems);
        var options = JobOptions.From(Path.Combine(example, "components.json"), null);
        return JobService.PrepareAny(document.Value, Snapshot, Path.Combine(example, "policies.yaml"), options, CommandLineCaller.Here);
    }

    /// <summary>The workspace, or why there can be none.</summary>
    private static async Task<(Workspace? Workspace, string? Problem)> OpenAsync(string? path)
    {
        try
        {
            return (await Workspace.OpenAsync(path ?? Directory.CreateTempSubdirectory("assay-demo-").FullName, KnownLanes.All), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LedgerException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Says in one line why a demo cannot start.</summary>
    public static int Refuse(string problem, bool json) =>
        Problems.Print([new InputProblem(Problems.CommandLine, "", "demo", problem)], json);

    /// <summary>Takes a document through all its checkpoints. On a terminal the person decides; elsewhere whoever started the demo approves.</summary>
    private sealed class JobsDemo(Workspace workspace, JobService service, TextWriter output, CancellationToken cancel)
    {
        private static readonly WorkerOptions WorkOnce = new() { Lanes = [JobModule.Name], Concurrency = 1, Once = true };

        /// <summary>The job's id; null when the person did not want to go on.</summary>
        public async Task<string?> RunAsync(string introduction, PreparedJob job)
        {
            output.WriteLine();
            output.WriteLine(introduction);
            var answer = await service.SubmitAsync(job);
            var submitted = answer.Value ?? throw new IOException(answer.Refusal!.Text);
            output.WriteLine($"  submit   {submitted.JobId}  {submitted.Status}");
            while (!cancel.IsCancellationRequested)
            {
                await new AssayWorker(workspace, TimeProvider.System, WorkOnce, static _ => { }).RunAsync(cancel);
                var view = (await service.ViewAsync(submitted.JobId))!;
                if (view.Waiting is not { } waiting)
                {
                    var card = view.Job.CardId is { } id ? $", card {id}" : "";
                    var why = view.Job.Message is { } message ? $": {Words.Safe(message)}" : "";
                    output.WriteLine($"  {view.Job.State.ToLowerInvariant(),-8} gates {view.Job.Verdict}{card}{why}");
                    return submitted.JobId;
                }

                if (!await ConfirmedAsync(view, waiting)) return null;
                var decided = await service.ApproveAsync(submitted.JobId, waiting.Step, Digest.Parse(waiting.Sha256), CommandLineCaller.Here, "seen in the demo");
                var refused = decided.Refusal is { } no ? $": {no.Text}" : "";
                output.WriteLine($"  approve  {waiting.Step,-14} {waiting.Sha256[..12]}… by {CommandLineCaller.Here.Name}{refused}");
            }

            return null;
        }

        private async Task<bool> ConfirmedAsync(JobView view, WaitingView waiting)
        {
            if (Console.IsInputRedirected || Console.IsOutputRedirected) return true;
            output.WriteLine($"  waits    for a decision on {waiting.Step}:");
            var text = System.Text.Encoding.UTF8.GetString((await service.DocumentAsync(view, waiting.Document))!);
            output.WriteLine(string.Join('\n', Words.SafeLines(text).Split('\n').Take(24).Select(l => $"    {l}")));
            Console.Error.Write("  approve? [Y/n] ");
            return Console.In.ReadLine()?.Trim() is not ("n" or "N" or null);
        }
    }
}
