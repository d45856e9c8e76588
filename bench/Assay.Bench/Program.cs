using Assay.Bench;

// Everything runs in one go on one disk, so that the ratios mean something. Arguments name the parts to run; none: all.
var parts = new (string Name, Func<Report, string, Task> Run)[]
{
    ("trials", TrialBench.RunAsync), ("appends", AppendBench.RunAsync), ("million", MillionBench.RunAsync), ("jobs", JobsBench.RunAsync),
    ("tasks", TaskBench.RunAsync), ("trees", TreeBench.RunAsync), ("json", JsonBench.RunAsync), ("startup", StartupBench.RunAsync), ("wake", WakeBench.RunAsync), ("judge", JudgeBench.RunAsync),
};
if (args is [WakeBench.Committer, var root])
{
    await WakeBench.CommitAsync(root, static (id, at) => Console.Out.WriteLine($"{id} {at}"));
    return;
}

var report = new Report();
foreach (var (name, run) in parts)
{
    if (args.Length > 0 && !args.Contains(name, StringComparer.Ordinal)) continue;
    // Nothing is deleted here: ext4 does not use a deleted inode again for some minutes and searches past it at every creation, so that what one
    // part deletes would slow down the next. bench/run removes the folders of earlier runs once they are old enough.
    var folder = Path.Combine(Environment.CurrentDirectory, "artifacts", "bench", $"{name}-{Environment.ProcessId}");
    Directory.CreateDirectory(folder);
    await run(report, folder);
}

Console.Out.Write(report.Text);
