using System.Diagnostics;
using System.Text;
using Assay.Engine.Native;
using Assay.Engine.Workspaces;
using Assay.Epochs;
using Assay.Native;

namespace Assay.Bench;

/// <summary>A recorded, capped <c>/bin/true</c> against starting it bare and against tools that start many programs.</summary>
internal static class TrialBench
{
    private const int Trials = 1000;
    private const int SlowTrials = 40;
    private const string Bubblewrap =
        "bwrap --ro-bind /usr /usr --symlink usr/lib64 /lib64 --symlink usr/lib /lib --symlink usr/bin /bin --proc /proc --dev /dev --tmpfs /tmp "
        + "--unshare-net --unshare-pid --unshare-ipc --unshare-uts --cap-drop ALL --die-with-parent /bin/true";

    /// <summary>As <c>./assay</c> has published it.</summary>
    private static readonly string Program = Path.GetFullPath("artifacts/assay/assay");

    private static readonly string[] Levels = ["none", "confined", "strict"];

    public static async Task RunAsync(Report report, string folder)
    {
        // Once around before anything is measured, so that nobody pays for the first time.
        foreach (var level in Levels) await EpochAsync(Path.Combine(folder, $"warm-{level}"), 200, 2, level);
        foreach (var jobs in new[] { 1, 2 })
        {
            report.Table($"One recorded, capped /bin/true, {jobs} at a time", "ms a job");
            report.Row("posix_spawn and wait, nothing else", Bare(jobs));
            report.Row("xargs", await PeerAsync($"seq {Trials} | xargs -P{jobs} -n1 /bin/true", Trials));
            report.Row("GNU parallel --joblog", await PeerAsync($"seq {SlowTrials * 5} | parallel -j{jobs} --joblog {folder}/joblog{jobs} /bin/true", SlowTrials * 5));
            report.Row("snakemake", await SnakemakeAsync(Path.Combine(folder, $"snake{jobs}"), jobs));
            report.Row("bubblewrap with a view and no network", await PeerAsync($"seq {SlowTrials * 5} | xargs -P{jobs} -I_ {Bubblewrap}", SlowTrials * 5));
            foreach (var level in Levels)
            {
                report.Row($"assay: one epoch of many crucibles, sandbox {level}", await EpochAsync(Path.Combine(folder, $"one{jobs}-{level}"), Trials, jobs, level));
            }

            report.Row("assay: many epochs of one crucible, sandbox none", await EpochsAsync(Path.Combine(folder, $"many{jobs}"), 200, jobs));
        }
    }

    private static double Bare(int jobs)
    {
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, jobs).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Trials / jobs; i++) SpawnTrue();
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        return watch.Elapsed.TotalMilliseconds / Trials;
    }

    private static unsafe void SpawnTrue()
    {
        using var words = new NativeStrings(["/bin/true"]);
        using var nothing = new NativeStrings([]);
        int pid;
        var error = SpawnCalls.Spawn(&pid, words.Array[0], null, null, words.Array, nothing.Array);
        if (error != 0) throw new InvalidOperationException($"/bin/true does not start: {error}");
        int status;
        _ = Libc.Wait4(pid, &status, 0, null);
    }

    /// <summary>The program as people start it, like the peers; its own start is counted.</summary>
    private static Task<double> EpochAsync(string folder, int trials, int jobs, string level)
    {
        var plan = WritePlan(folder, trials, level);
        return PeerAsync($"{Program} epoch run {plan} --jobs {jobs} --workspace {folder}/w > /dev/null 2>&1", trials);
    }

    private static async Task<double> EpochsAsync(string folder, int epochs, int jobs)
    {
        var plans = Enumerable.Range(0, epochs).Select(i => WritePlan(Path.Combine(folder, $"plan{i}"), 1, "none", $"E{i}")).ToList();
        await using var workspace = await Workspace.OpenAsync(Path.Combine(folder, "w"), KnownLanes.All);
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(plans, new ParallelOptions { MaxDegreeOfParallelism = jobs }, async (plan, cancel) =>
            await new EpochRunner(workspace, TimeProvider.System).RunAsync(EpochRunner.Prepare(plan, new EpochOptions()).Value, cancel));
        return watch.Elapsed.TotalMilliseconds / epochs;
    }

    private static string WritePlan(string folder, int crucibles, string level, string epochId = "E")
    {
        Directory.CreateDirectory(folder);
        var ids = Enumerable.Range(0, crucibles).Select(i => $"C{i}").ToList();
        foreach (var id in ids)
        {
            File.WriteAllText(Path.Combine(folder, $"{id}.json"), $$"""
                {"schema_version":"crucible_v1","crucible_id":"{{id}}","kernel_targets":["T"],"command":["/bin/true"],"sandbox":"{{level}}",
                 "budgets":{"time_ms":5000,"runner_memory_max_mb":64,"stdout_max_bytes":65536,"stderr_max_bytes":65536,"max_processes":64} }
                """);
        }

        var plan = new StringBuilder(
            $$"""{"schema_version":"epoch_plan_v1","epoch_id":"{{epochId}}","epoch_profile":"COVERAGE","kernel_identity":{"kernel_target":"T"},""");
        plan.Append("\"seed\":7,\"crucible_order\":[").AppendJoin(',', ids.Select(i => $"\"{i}\"")).Append("],\"crucible_specs\":{")
            .AppendJoin(',', ids.Select(i => $"\"{i}\":\"{i}.json\"")).Append("},")
            .Append("""
                "budgets":{"epoch_wall_clock_ms":600000,"per_crucible_timeout_ms":60000,"per_crucible_rss_mb":512},
                "runner_config":{"template_id":"EXIT_CODE_V1"}}
                """);
        var path = Path.Combine(folder, "plan.json");
        File.WriteAllText(path, plan.ToString());
        return path;
    }

    private static async Task<double> SnakemakeAsync(string folder, int jobs)
    {
        Directory.CreateDirectory(folder);
        var count = SlowTrials.ToString();
        await File.WriteAllTextAsync(Path.Combine(folder, "Snakefile"), $"rule all:\n    input: expand('o/{{i}}', i=range({count}))\nrule t:\n    output: 'o/{{i}}'\n    shell: '/bin/true && touch {{output}}'\n");
        return await PeerAsync($"cd {folder} && snakemake -q -c{jobs} > /dev/null 2>&1", SlowTrials);
    }

    private static async Task<double> PeerAsync(string shell, int trials)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", shell]) { RedirectStandardError = true, UseShellExecute = false })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? watch.Elapsed.TotalMilliseconds / trials : throw new InvalidOperationException($"{shell}: {error}");
    }
}
