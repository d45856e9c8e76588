using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Assay.Engine.Performers.Trees;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Native;
using Assay.Tasks;

namespace Assay.Bench;

/// <summary>What it costs to dispatch a task, against tools that start commands; and to find out what changed in a large tree.</summary>
internal static class TaskBench
{
    private const int Tasks = 200;
    private const int TreeFiles = 20;
    private const int Files = 100_000;
    private const int FilesPerFolder = 500;
    private const int Jobs = 2;

    private static readonly int[] ManyTasks = [1_000, 10_000];

    private static readonly Actor Somebody = new("bench", "cli");

    public static async Task RunAsync(Report report, string folder)
    {
        await ExecuteAsync(Path.Combine(folder, "warm"), 50, withTree: false);
        report.Table($"One task and its acceptance test, both /bin/true, {Jobs} at a time", "ms a task");
        report.Row("GNU parallel --joblog", await PeerAsync($"seq {Tasks} | parallel -j{Jobs} --joblog {folder}/joblog '/bin/true; /bin/true'", Tasks));
        report.Row("make -j", await MakeAsync(Path.Combine(folder, "make")));
        report.Row("assay: no tree", await ExecuteAsync(Path.Combine(folder, "plain"), Tasks, withTree: false));
        foreach (var many in ManyTasks) report.Row($"assay: no tree, {many} tasks in one run", await ExecuteAsync(Path.Combine(folder, $"many{many}"), many, withTree: false));
        report.Row($"assay: each changes a file of a tree of {TreeFiles}, in copies, with patch and ledger", await ExecuteAsync(Path.Combine(folder, "tree"), Tasks, withTree: true));
        await OpenAsync(report, Path.Combine(folder, $"many{ManyTasks[^1]}"));
        await TreeAsync(report, Path.Combine(folder, "large"));
    }

    /// <summary>What it takes to know where a long run stands.</summary>
    private static async Task OpenAsync(Report report, string folder)
    {
        await using var workspace = await Workspace.OpenAsync(Path.Combine(folder, ".assay"), KnownLanes.All);
        var stream = TaskLane.StreamOf("bench");
        var events = (await workspace.Store.FindAsync(stream))!.Head.Version;
        var size = (await workspace.Store.FindSnapshotAsync(stream))!.Body.Length >> 10;
        report.Table($"Open a run of {events} events, of whose fold {size} KiB are kept", "ms");
        for (var warm = 0; warm < 2; warm++) _ = await StreamLoad.OfAsync(workspace.Store, TaskLane.Instance, stream);
        var watch = Stopwatch.StartNew();
        var kept = await StreamLoad.OfAsync(workspace.Store, TaskLane.Instance, stream);
        report.Row("from what was kept of its fold", watch.Elapsed.TotalMilliseconds);
        watch.Restart();
        var folded = new StreamMachine(TaskLane.Instance, stream);
        foreach (var stored in await workspace.Store.ReadAsync(stream, 0)) folded.Apply(stored.Bytes);
        report.Row("from all of its events", watch.Elapsed.TotalMilliseconds);
        if (kept.Head != folded.Head) throw new InvalidOperationException("the two differ");
    }

    private static async Task TreeAsync(Report report, string tree)
    {
        for (var i = 0; i < Files; i++)
        {
            var path = Path.Combine(tree, $"d{i / FilesPerFolder}", $"f{i}.txt");
            if (i % FilesPerFolder == 0) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, $"file {i}\n");
        }

        await PeerAsync($"cd {tree} && git init -q && git add -A && git -c user.name=b -c user.email=b@example.invalid commit -q -m all", 1);
        report.Table($"What changed in a tree of {Files} files: nothing", "ms");
        report.Row("git status", await PeerAsync($"cd {tree} && git status --porcelain", 1));
        var watch = Stopwatch.StartNew();
        using var folder = FolderHandle.Open(tree);
        var before = TreeSnapshot.Take(folder);
        report.Row("assay: first look, reads all", watch.Elapsed.TotalMilliseconds);
        watch.Restart();
        var after = TreeSnapshot.Take(folder, before);
        report.Row("assay: compare", watch.Elapsed.TotalMilliseconds);
        if (before.Sha256() != after.Sha256()) throw new InvalidOperationException("an untouched tree differs");
    }

    private static async Task<double> ExecuteAsync(string folder, int tasks, bool withTree)
    {
        Write(folder, tasks, withTree);
        await using var workspace = await Workspace.OpenAsync(Path.Combine(folder, ".assay"), KnownLanes.All);
        var prepared = TaskExecutor.Prepare(folder, "bench", null, Somebody);
        if (!prepared.IsValid) throw new InvalidOperationException(string.Join('\n', prepared.Problems));
        var watch = Stopwatch.StartNew();
        var end = await new TaskExecutor(workspace, TimeProvider.System).RunAsync(prepared.Value, Jobs, ExecutionPatience.UntilPeople, Somebody, CancellationToken.None);
        if (end.Value is not { } left || !left.View.Tasks.All(t => t.State == "COMPLETED")) throw new InvalidOperationException($"not all tasks completed: {end}");
        return watch.Elapsed.TotalMilliseconds / tasks;
    }

    private static void Write(string folder, int tasks, bool withTree)
    {
        Directory.CreateDirectory(Path.Combine(folder, ".state"));
        Directory.CreateDirectory(Path.Combine(folder, "tree"));
        for (var i = 0; i < TreeFiles; i++) File.WriteAllText(Path.Combine(folder, "tree", $"s{i}.txt"), $"source {i}\n");
        var list = Enumerable.Range(0, tasks).Select(i =>
        {
            var task = new JsonObject
            {
                ["task_id"] = $"t{i}",
                ["title"] = $"Task {i}",
                ["kind"] = "bench",
                ["command"] = withTree ? new JsonArray("/bin/sh", "-c", $"echo {i} > s{i % TreeFiles}.txt") : new JsonArray("/bin/true"),
                ["acceptance_tests"] = new JsonArray(new JsonObject { ["name"] = "check", ["kind"] = "unit", ["command"] = new JsonArray("/bin/true"), ["sandbox"] = "none" }),
            };
            if (!withTree) return task;
            task["working_tree"] = "tree";
            task["file_scope"] = new JsonObject { ["write"] = new JsonArray($"s{i % TreeFiles}.txt") };
            return task;
        });
        Put(folder, ".state/task_queue.json", new JsonObject { ["schema_version"] = "task_queue_v1", ["run_id"] = "bench", ["tasks"] = new JsonArray([.. list]) });
        Put(folder, ".state/routing_decisions.json", new JsonObject
        {
            ["schema_version"] = "routing_decisions_v1",
            ["run_id"] = "bench",
            ["ROUTING_COMPLETE"] = true,
            ["decisions"] = new JsonArray([.. Enumerable.Range(0, tasks).Select(i => new JsonObject { ["task_id"] = $"t{i}", ["adapter_id"] = "shell" })]),
        });
        Put(folder, "adapters.json", new JsonObject
        {
            ["schema_version"] = "adapters_v1",
            ["adapters"] = new JsonArray(new JsonObject { ["adapter_id"] = "shell", ["kind"] = "process", ["command"] = new JsonArray("{command}"), ["sandbox"] = "none" }),
        });
    }

    private static void Put(string folder, string name, JsonObject document) => File.WriteAllText(Path.Combine(folder, name), document.ToJsonString());

    private static async Task<double> MakeAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var rules = new StringBuilder("all:");
        for (var i = 0; i < Tasks; i++) rules.Append($" t{i}");
        rules.Append('\n');
        for (var i = 0; i < Tasks; i++) rules.Append($"t{i}:\n\t@/bin/true\n\t@/bin/true\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "Makefile"), rules.ToString());
        return await PeerAsync($"make -s -C {folder} -j{Jobs}", Tasks);
    }

    private static async Task<double> PeerAsync(string shell, int jobs)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", shell]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? watch.Elapsed.TotalMilliseconds / jobs : throw new InvalidOperationException($"{shell}: {error}");
    }
}
