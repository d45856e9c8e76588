using System.Diagnostics;
using Assay.Engine.Performers.Trees;
using Assay.Native;

namespace Assay.Bench;

/// <summary>What it costs to give a task a tree of its own, and to find out what changed in it.</summary>
internal static class TreeBench
{
    private const int Few = 20;
    private const int Many = 100_000;
    private const int Tasks = 100;

    public static async Task RunAsync(Report report, string folder)
    {
        await TaskProject.ExecuteAsync(Path.Combine(folder, "warm"), "warm", 50, 2, treeFiles: null);
        await TasksAsync(report, Path.Combine(folder, "few"), Few, Tasks);
        await TasksAsync(report, Path.Combine(folder, "many"), Many, tasks: 1);
        await CompareAsync(report, Path.Combine(folder, "repository"));
    }

    private static async Task TasksAsync(Report report, string folder, int files, int tasks)
    {
        var tree = Path.Combine(folder, "tree");
        TaskProject.WriteTree(tree, files);
        var repository = Path.Combine(folder, "repository");
        await Peer.RunAsync($"cp -a {tree} {repository}; {Commit(repository)}", 1);
        report.Table($"A task on a tree of {files} files, one at a time", "ms a task");
        var trees = Enumerable.Range(0, tasks).Select(i => $"git worktree add -q --detach ../worktree{i}");
        report.Row("git worktree add, nothing else", await Peer.RunAsync($"cd {repository}; {string.Join(';', trees)}", tasks));
        report.Row("cp -a, nothing else", await Peer.RunAsync($"for i in $(seq {tasks}); do cp -a {tree} {folder}/copy$i; done", tasks));
        report.Row("assay: no tree", await TaskProject.ExecuteAsync(Path.Combine(folder, "plain"), "plain", tasks, 1, treeFiles: null));
        report.Row("assay: the first on the tree", await TaskProject.ExecuteAsync(folder, "first", 1, 1, files));
        report.Row("assay: after it", await TaskProject.ExecuteAsync(folder, "second", tasks, 1, files));
        report.Row("assay: after these", await TaskProject.ExecuteAsync(folder, "third", tasks, 1, files));
    }

    private static async Task CompareAsync(Report report, string tree)
    {
        TaskProject.WriteTree(tree, Many);
        await Peer.RunAsync(Commit(tree), 1);
        report.Table($"What changed in a tree of {Many} files: nothing", "ms");
        report.Row("git status", await Peer.RunAsync($"cd {tree} && git status --porcelain", 1));
        var watch = Stopwatch.StartNew();
        using var folder = FolderHandle.Open(tree);
        var before = TreeSnapshot.Take(folder);
        report.Row("assay: first look, reads all", watch.Elapsed.TotalMilliseconds);
        watch.Restart();
        var after = before.Now(folder);
        report.Row("assay: compare", watch.Elapsed.TotalMilliseconds);
        if (before.Sha256() != after.Sha256()) throw new InvalidOperationException("an untouched tree differs");
    }

    private static string Commit(string tree) =>
        $"cd {tree} && git init -q && git add -A && git -c user.name=b -c user.email=b@example.invalid commit -q -m all";
}
