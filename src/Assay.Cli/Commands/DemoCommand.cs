using System.Diagnostics;
using Assay.Access;
using Assay.Cli.Output;
using Assay.Engine.Workspaces;
using Assay.Jobs;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger.Verification;
using Command = System.CommandLine.Command;

namespace Assay.Cli.Commands;

/// <summary><c>assay demo</c>: walks a newcomer through a shipped example, on the real thing.</summary>
internal static class DemoCommand
{
    private const string Example = "examples/jobs/momentum";
    private const string Snapshot = "prices_2010";

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
        if (Find(Example) is not { } example) return Refuse($"{Example} is not here: run it from a clone of the repository");
        if (DecisionRule.Problem(CommandLineCaller.Here) is { } no) return Problems.Print("demo", no, json);
        if (!IsBuilt(example) && !Build(example)) return Refuse($"{example}/build failed");
        await using var workspace = await Workspace.OpenAsync(workspacePath ?? Directory.CreateTempSubdirectory("assay-demo-").FullName, KnownLanes.All);
        var service = await JobService.OpenAsync(workspace, TimeProvider.System);
        var demo = new JobsDemo(workspace, service, example, json ? Console.Error : Console.Out, cancel);
        var passed = await demo.RunAsync("A blueprint: compile, a person looks at the run specification, run, gates, registry.", "blueprint.yaml", isIdea: false);
        var failed = await demo.RunAsync("The same the other way round. It runs to its end, and its gates say no: the log has it, the registry no card.", "bad-blueprint.yaml", isIdea: false);
        var idea = await demo.RunAsync("An idea: agents propose, and a person decides at five checkpoints.", "idea.yaml", isIdea: true);
        if (passed is null || failed is null || idea is null) return ExitCodes.Cancelled;

        var report = await new LedgerVerifier(workspace.Store, KnownLanes.All, workspace.Mirror).VerifyAsync();
        var listed = await service.ListAsync(null, null, 10);
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
              assay job show {idea} --workspace {workspace.Root}
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

    private static bool Build(string example)
    {
        Console.Error.WriteLine("Building the example's components …");
        using var build = Process.Start(new ProcessStartInfo(Path.Combine(example, "build")) { UseShellExecute = false })!;
        build.WaitForExit();
        return build.ExitCode == 0;
    }

    public static int Refuse(string problem)
    {
        Console.Error.WriteLine($"assay: {problem}");
        return ExitCodes.BadInput;
    }

    /// <summary>Takes a document through all its checkpoints. On a terminal the person decides; elsewhere whoever started the demo approves.</summary>
    private sealed class JobsDemo(Workspace workspace, JobService service, string example, TextWriter output, CancellationToken cancel)
    {
        private static readonly WorkerOptions WorkOnce = new() { Lanes = [JobModule.Name], Concurrency = 1, Once = true };

        /// <summary>The job's id; null when the person did not want to go on.</summary>
        public async Task<string?> RunAsync(string introduction, string file, bool isIdea)
        {
            output.WriteLine();
            output.WriteLine(introduction);
            var path = Path.Combine(example, file);
            var document = JobService.ReadDocument(path).Value;
            var options = JobOptions.From(Path.Combine(example, "components.json"), null);
            var policies = Path.Combine(example, "policies.yaml");
            var prepared = isIdea
                ? JobService.PrepareIdea(document, Snapshot, policies, options, CommandLineCaller.Here)
                : JobService.Prepare(document, Snapshot, policies, options, CommandLineCaller.Here);
            if (!prepared.IsValid) throw new IOException(string.Join(Environment.NewLine, prepared.Problems));
            var answer = await service.SubmitAsync(prepared.Value);
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
