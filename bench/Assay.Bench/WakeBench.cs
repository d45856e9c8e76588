using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;
using Assay.Native;

namespace Assay.Bench;

/// <summary>From a commit that makes something due to the worker that begins it, and what a worker costs that has nothing to do.</summary>
internal static class WakeBench
{
    /// <summary>The hidden part that is the other process: it commits, and prints when each commit was durable.</summary>
    public const string Committer = "wake-committer";

    private const int Rounds = 200;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    // The runtime compiles in the first minutes what is called every few seconds.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(180);

    public static async Task RunAsync(Report report, string folder)
    {
        report.Table("From a commit to the worker that begins what is due (p50 and p99 of 200)", "ms");
        var floor = Floor(Path.Combine(folder, "floor"));
        Rows(report, "a byte in a file, to a thread that watches it (inotify)", floor);
        Rows(report, "a commit of the worker's own process", await WakeAsync(Path.Combine(folder, "own"), CommitAsync));
        Rows(report, "a commit of another process", await WakeAsync(Path.Combine(folder, "other"), CommitElsewhereAsync));
        report.Table("A worker that has nothing to do, in its fourth minute", "percent of a core");
        report.Row("assay worker", await IdleAsync(Path.Combine(folder, "idle")), "0.000");
    }

    /// <summary>Commits streams of their own, one after the other, and tells when each was durable.</summary>
    public static async Task CommitAsync(string root, Action<string, long> committed)
    {
        await using var workspace = await Workspace.OpenAsync(root, new LaneSet());
        for (var i = 0; i < Rounds; i++)
        {
            var stream = StreamName.Of(JobLane.LaneName, i.ToString("D6", CultureInfo.InvariantCulture));
            var append = new StreamAppend(stream, StreamHead.Empty(stream), [Noted(stream)]) { WakeAfter = TimeSpan.Zero };
            await workspace.Store.CommitAsync(new Commit([append]));
            committed(stream.Id, Stopwatch.GetTimestamp());
            await Task.Delay(Between);
        }
    }

    private static SealedEvent Noted(StreamName stream)
    {
        var noted = new RecordedEvent(1, DateTimeOffset.UtcNow, new DossierCancelRequested("bench"));
        return EventEnvelope.Seal(stream, StreamHead.Empty(stream), noted, DossierLane.Instance.Events);
    }

    private static async Task CommitElsewhereAsync(string root, Action<string, long> committed)
    {
        using var process = Start(Environment.ProcessPath!, Committer, root);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var parts = line.Split(' ');
            committed(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        await process.WaitForExitAsync();
    }

    private static async Task<List<double>> WakeAsync(string root, Func<string, Action<string, long>, Task> commit)
    {
        await using var workspace = await Workspace.OpenAsync(root, new LaneSet());
        await using var engine = await AssayEngine.StartAsync(workspace, TimeProvider.System);
        var begun = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var served = new ServedLane(JobLane.Instance, async (stream, _, _) =>
        {
            begun[stream.Id] = Stopwatch.GetTimestamp();
            var session = engine.Session;
            var claimed = await workspace.Store.ClaimAsync(stream, session.Identity.Id);
            await workspace.Store.ReleaseAsync(((ClaimResult.Granted)claimed).Claim, 1, wakeAfter: null);
            return new RunResult.Drained(stream);
        });
        using var stop = new CancellationTokenSource();
        var worker = engine.NewWorker([served], concurrency: 4, static _ => { }).RunAsync(once: false, default, stop.Token);
        var committed = new Dictionary<string, long>(StringComparer.Ordinal);
        await commit(root, committed.Add);
        while (begun.Count < Rounds) await Task.Delay(Between);
        await stop.CancelAsync();
        await worker;
        return [.. committed.Select(c => Math.Max(0, Stopwatch.GetElapsedTime(c.Value, begun[c.Key]).TotalMilliseconds))];
    }

    private static List<double> Floor(string path)
    {
        File.WriteAllBytes(path, [0]);
        using var watch = FileWatch.TryOpen(path) ?? throw new IOException("this host gives no more watches");
        using var seen = new SemaphoreSlim(0);
        var at = 0L;
        var thread = new Thread(() =>
        {
            while (watch.Wait(TimeSpan.FromSeconds(10)))
            {
                at = Stopwatch.GetTimestamp();
                seen.Release();
            }
        });
        thread.Start();
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var times = new List<double>();
        for (var i = 0; i < Rounds; i++)
        {
            var written = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, [1], 0);
            seen.Wait();
            times.Add(Stopwatch.GetElapsedTime(written, at).TotalMilliseconds);
            Thread.Sleep(1);
        }

        watch.End();
        thread.Join();
        return times;
    }

    private static void Rows(Report report, string what, List<double> times)
    {
        times.Sort();
        report.Row($"{what}, p50", times[times.Count / 2], "0.000");
        report.Row($"{what}, p99", times[times.Count * 99 / 100], "0.000");
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;

    private static async Task<double> IdleAsync(string root)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "../../../assay/assay");
        using var process = Start(program, "worker", "--workspace", root);
        await Task.Delay(Settle);
        process.Refresh();
        var before = process.TotalProcessorTime;
        await Task.Delay(Idle);
        process.Refresh();
        var used = process.TotalProcessorTime - before;
        process.Kill();
        await process.WaitForExitAsync();
        return used / Idle * 100;
    }
}
