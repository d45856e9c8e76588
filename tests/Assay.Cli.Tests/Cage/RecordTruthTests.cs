using System.Text.Json.Nodes;

namespace Assay.Tests.Cage;

/// <summary>What the record says of a run's cage is what /proc shows of its process.</summary>
public sealed class RecordTruthTests
{
    private const string Look =
        "cat /proc/self/status /proc/self/cgroup; for n in mnt net ipc uts pid; do echo $n=$(readlink /proc/self/ns/$n); done; echo home=$HOME tmp=$TMPDIR root=$PWD";

    public static TheoryData<string, string> Hosts
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var host in CageHosts.All)
            {
                foreach (var level in new[] { "none", "open", "confined", "strict" }) all.Add(host, level);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task The_record_says_what_proc_shows(string host, string level)
    {
        if (CageHosts.Missing(host) is { } missing) Assert.Skip(missing);
        using var folder = new TemporaryFolder("/var/tmp");
        await AssayProgram.RunAsync("/bin/chmod", ["a+rwx", folder.Path], null, null, TimeSpan.FromSeconds(10));
        using var program = new PublicProgram();
        IReadOnlyList<string> words = [.. CageHosts.Prefix(host), program.Path, "try", .. level == "open" ? ["--network", "all"] : new[] { "--sandbox", level }, "--json", "--", "sh", "-c", Look];
        var run = await AssayProgram.RunAsync(words[0], [.. words.Skip(1)], folder.Path, null, TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var seen = run.Error.Split('\n');
        var caps = JsonNode.Parse(run.Output)!["caps"]!;
        var cage = caps["cage"]!;
        string Held(string promise) => (string)cage[promise]!["held"]!;
        bool By(string promise, string mechanism) => cage[promise]!["by"]!.AsArray().Any(m => ((string)m!).Contains(mechanism, StringComparison.Ordinal));
        bool Shows(string line) => seen.Any(l => l.StartsWith(line, StringComparison.Ordinal));
        var isCaged = level != "none";

        Assert.Equal(level == "open" ? "confined" : level, (string)cage["level"]!);
        Assert.Equal(By("caps", "cgroup-v1"), seen.Any(l => l.Contains(":memory:", StringComparison.Ordinal) && l.Contains("/assay/", StringComparison.Ordinal)));
        Assert.Equal((string)caps["memory"]!["enforcement"]!, Held("caps"));
        Assert.Equal(By("others", "seccomp"), Shows("Seccomp:\t2"));
        Assert.Equal(isCaged, Shows("CapEff:\t0000000000000000") && Shows("NoNewPrivs:\t1") && Shows("Seccomp:\t2"));
        Assert.Equal(By("network", "namespace"), !Shows($"net={Own("net")}"));
        Assert.Equal(isCaged && level != "open", Held("network") == "kernel");
        Assert.Equal(By("reads", "view"), !Shows($"ipc={Own("ipc")}"));
        Assert.Equal(isCaged && !CageHosts.HasView(host) ? "contents_only" : isCaged ? "kernel" : "none", Held("writes"));
        Assert.Equal(By("others", "pid namespace"), !Shows($"pid={Own("pid")}"));
        Assert.Equal(isCaged, (string)caps["isolation"]! != "UNCAGED");
        if (isCaged) Assert.Contains(seen, l => l.StartsWith("home=", StringComparison.Ordinal) && l.Contains("/.home tmp=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_disk_in_memory_is_recorded_as_held_by_the_kernel_and_its_files_are_evidence()
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var folder = new TemporaryFolder("/var/tmp");
        var builder = new PlanBuilder(folder.Under("plan")).Add("KEPT", "echo kept > result; mount | grep -q c019_runs", c =>
        {
            c["disk"] = "memory";
            c["budgets"] = new JsonObject { ["disk_max_bytes"] = 1 << 20 };
            c["expect"] = new JsonObject { ["required_files"] = new JsonArray("result") };
        });
        var run = await AssayProgram.RunAsync(folder.Path, "epoch", "run", builder.Write());
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var record = JsonNode.Parse(await File.ReadAllTextAsync(folder.Under(".assay", "epochs", "EPOCH_TEST", "KEPT", "run_record.json")))!;
        Assert.Equal(("kernel", "tmpfs:size,nr_inodes"), ((string)record["caps"]!["disk"]!["enforcement"]!, (string)record["caps"]!["disk"]!["mechanism"]!));
        Assert.Equal("kept\n", await File.ReadAllTextAsync(Path.Combine(folder.Under(".assay"), (string)record["run_root"]!, "result")));
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "verify")).ExitCode);
    }

    [Theory]
    [InlineData("none", 1 << 20, "choose a level above none")]
    [InlineData("strict", null, "needs a disk cap")]
    public async Task A_disk_in_memory_that_cannot_be_is_refused_before_anything_runs(string level, int? bytes, string why)
    {
        using var folder = new TemporaryFolder("/var/tmp");
        var plan = new PlanBuilder(folder.Under("plan")).Add("ONE", "true", c =>
        {
            c["sandbox"] = level;
            c["disk"] = "memory";
            c["budgets"] = bytes is { } limit ? new JsonObject { ["disk_max_bytes"] = limit } : new JsonObject();
        }).Write();
        var run = await AssayProgram.RunAsync(folder.Path, "epoch", "run", plan);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
    }

    private static string Own(string name) => new FileInfo($"/proc/self/ns/{name}").LinkTarget!;
}
