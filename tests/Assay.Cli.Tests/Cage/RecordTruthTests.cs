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
                foreach (var level in new[] { "none", "confined", "strict" }) all.Add(host, level);
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
        IReadOnlyList<string> words = [.. CageHosts.Prefix(host), program.Path, "try", "--sandbox", level, "--json", "--", "sh", "-c", Look];
        var run = await AssayProgram.RunAsync(words[0], [.. words.Skip(1)], folder.Path, null, TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var seen = run.Error.Split('\n');
        var caps = JsonNode.Parse(run.Output)!["caps"]!;
        var cage = caps["cage"]!;
        string Held(string promise) => (string)cage[promise]!["held"]!;
        bool By(string promise, string mechanism) => cage[promise]!["by"]!.AsArray().Any(m => ((string)m!).Contains(mechanism, StringComparison.Ordinal));
        bool Shows(string line) => seen.Any(l => l.StartsWith(line, StringComparison.Ordinal));
        var isCaged = level != "none";

        Assert.Equal(level, (string)cage["level"]!);
        Assert.Equal(By("caps", "cgroup-v1"), seen.Any(l => l.Contains(":memory:", StringComparison.Ordinal) && l.Contains("/assay/", StringComparison.Ordinal)));
        Assert.Equal((string)caps["memory"]!["enforcement"]!, Held("caps"));
        Assert.Equal(By("others", "seccomp"), Shows("Seccomp:\t2"));
        Assert.Equal(isCaged, Shows("CapEff:\t0000000000000000") && Shows("NoNewPrivs:\t1") && Shows("Seccomp:\t2"));
        Assert.Equal(By("network", "namespace"), !Shows($"net={Own("net")}"));
        Assert.Equal(level == "strict", Held("network") == "kernel");
        Assert.Equal(By("reads", "view"), !Shows($"ipc={Own("ipc")}"));
        Assert.Equal(isCaged && !CageHosts.HasView(host) ? "contents_only" : isCaged ? "kernel" : "none", Held("writes"));
        Assert.Equal(By("others", "pid namespace"), !Shows($"pid={Own("pid")}"));
        Assert.Equal(isCaged, (string)caps["isolation"]! != "UNCAGED");
        if (isCaged) Assert.Contains(seen, l => l.StartsWith("home=", StringComparison.Ordinal) && l.Contains("/.home tmp=", StringComparison.Ordinal));
    }

    private static string Own(string name) => new FileInfo($"/proc/self/ns/{name}").LinkTarget!;
}
