using System.Diagnostics;
using System.Text;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Lanes.Tasks;

namespace Assay.Bench;

/// <summary>What it costs to dispatch a task, against tools that start commands.</summary>
internal static class TaskBench
{
    private const int Tasks = 200;
    private const int TreeFiles = 20;
    private const int Jobs = 2;

    private static readonly int[] ManyTasks = [1_000, 10_000];

    public static async Task RunAsync(Report report, string folder)
    {
        await ExecuteAsync(Path.Combine(folder, "warm"), 50, withTree: false);
        report.Table($"One task and its acceptance test, both /bin/true, {Jobs} at a time", "ms a task");
        report.Row("GNU parallel --joblog", await Peer.RunAsync($"seq {Tasks} | parallel -j{Jobs} --joblog {folder}/joblog '/bin/true; /bin/true'", Tasks));
        report.Row("make -j", await MakeAsync(Path.Combine(folder, "make")));
        report.Row("assay: no tree", await ExecuteAsync(Path.Combine(folder, "plain"), Tasks, withTree: false));
        foreach (var many in ManyTasks) report.Row($"assay: no tree, {many} tasks in one run", await ExecuteAsync(Path.Combine(folder, $"many{many}"), many, withTree: false));
        report.Row($"assay: each changes a file of a tree of {TreeFiles}, in copies, with patch and ledger", await ExecuteAsync(Path.Combine(folder, "tree"), Tasks, withTree: true));
        await OpenAsync(report, Path.Combine(folder, $"many{ManyTasks[^1]}"));
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

    private static Task<double> ExecuteAsync(string folder, int tasks, bool withTree)
    {
        if (withTree) TaskProject.WriteTree(Path.Combine(folder, "tree"), TreeFiles);
        return TaskProject.ExecuteAsync(folder, "bench", tasks, Jobs, withTree ? TreeFiles : null);
    }

    private static async Task<double> MakeAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var rules = new StringBuilder("all:");
        for (var i = 0; i < Tasks; i++) rules.Append($" t{i}");
        rules.Append('\n');
        for (var i = 0; i < Tasks; i++) rules.Append($"t{i}:\n\t@/bin/true\n\t@/bin/true\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "Makefile"), rules.ToString());
        return await Peer.RunAsync($"make -s -C {folder} -j{Jobs}", Tasks);
    }
}
