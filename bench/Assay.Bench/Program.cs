using Assay.Bench;

// Everything runs in one go on one disk, so that the ratios mean something. Arguments name the parts to run; none: all.
var parts = new (string Name, Func<Report, string, Task> Run)[]
{
    ("trials", TrialBench.RunAsync), ("appends", AppendBench.RunAsync), ("million", MillionBench.RunAsync), ("json", JsonBench.RunAsync), ("startup", StartupBench.RunAsync),
};
var report = new Report();
foreach (var (name, run) in parts)
{
    if (args.Length > 0 && !args.Contains(name, StringComparer.Ordinal)) continue;
    var folder = Path.Combine(Environment.CurrentDirectory, $".bench-{name}-{Environment.ProcessId}");
    Directory.CreateDirectory(folder);
    try
    {
        await run(report, folder);
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}

Console.Out.Write(report.Text);
