using System.Diagnostics;
using System.Text.Json.Nodes;
using Assay.Engine.Workspaces;
using Assay.Lanes.Shared;
using Assay.Tasks;

namespace Assay.Bench;

/// <summary>A project whose tasks do next to nothing.</summary>
internal static class TaskProject
{
    private const int FilesPerFolder = 500;

    private static readonly Actor Somebody = new("bench", "cli");

    /// <summary>Runs tasks in a folder, and returns milliseconds for each.</summary>
    /// <param name="folder">The project; when it was run before, its ledger and its kept copies are used again.</param>
    /// <param name="run">The run.</param>
    /// <param name="tasks">How many.</param>
    /// <param name="jobs">How many at a time.</param>
    /// <param name="treeFiles">Each changes one of so many files of the tree; null: there is none.</param>
    public static async Task<double> ExecuteAsync(string folder, string run, int tasks, int jobs, int? treeFiles)
    {
        Write(folder, run, tasks, treeFiles);
        await using var workspace = await Workspace.OpenAsync(Path.Combine(folder, ".assay"), KnownLanes.All);
        var prepared = TaskExecutor.Prepare(folder, run, null, Somebody);
        if (!prepared.IsValid) throw new InvalidOperationException(string.Join('\n', prepared.Problems));
        var watch = Stopwatch.StartNew();
        var executor = new TaskExecutor(workspace, TimeProvider.System);
        var end = await executor.RunAsync(prepared.Value, jobs, ExecutionPatience.UntilPeople, Somebody, CancellationToken.None);
        var isDone = end.Value is { } left && left.View.Tasks.All(t => t.State == "COMPLETED");
        return isDone ? watch.Elapsed.TotalMilliseconds / tasks : throw new InvalidOperationException($"not all tasks completed: {end}");
    }

    /// <summary>Makes a tree.</summary>
    public static void WriteTree(string tree, int files)
    {
        for (var i = 0; i < files; i++)
        {
            var path = Path.Combine(tree, Name(i));
            if (i % FilesPerFolder == 0) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"source {i}\n");
        }
    }

    private static string Name(int file) => $"d{file / FilesPerFolder}/s{file}.txt";

    private static void Write(string folder, string run, int tasks, int? treeFiles)
    {
        Directory.CreateDirectory(Path.Combine(folder, ".state"));
        var list = Enumerable.Range(0, tasks).Select(i =>
        {
            var name = Name(i % (treeFiles ?? 1));
            var task = new JsonObject
            {
                ["task_id"] = $"t{i}",
                ["title"] = $"Task {i}",
                ["kind"] = "bench",
                ["command"] = treeFiles is null ? new JsonArray("/bin/true") : new JsonArray("/bin/sh", "-c", $"echo {run} {i} > {name}"),
                ["acceptance_tests"] = new JsonArray(
                    new JsonObject { ["name"] = "check", ["kind"] = "unit", ["command"] = new JsonArray("/bin/true"), ["sandbox"] = "none" }),
            };
            if (treeFiles is null) return task;
            task["working_tree"] = "tree";
            task["file_scope"] = new JsonObject { ["write"] = new JsonArray(name) };
            return task;
        });
        Put(folder, ".state/task_queue.json", new JsonObject { ["schema_version"] = "task_queue_v1", ["run_id"] = run, ["tasks"] = new JsonArray([.. list]) });
        var decisions = Enumerable.Range(0, tasks).Select(i => new JsonObject { ["task_id"] = $"t{i}", ["adapter_id"] = "shell" });
        Put(folder, ".state/routing_decisions.json", new JsonObject
        {
            ["schema_version"] = "routing_decisions_v1",
            ["run_id"] = run,
            ["ROUTING_COMPLETE"] = true,
            ["decisions"] = new JsonArray([.. decisions]),
        });
        var shell = new JsonObject { ["adapter_id"] = "shell", ["kind"] = "process", ["command"] = new JsonArray("{command}"), ["sandbox"] = "none" };
        Put(folder, "adapters.json", new JsonObject { ["schema_version"] = "adapters_v1", ["adapters"] = new JsonArray(shell) });
    }

    private static void Put(string folder, string name, JsonObject document) => File.WriteAllText(Path.Combine(folder, name), document.ToJsonString());
}
