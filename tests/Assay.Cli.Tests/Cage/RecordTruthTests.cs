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
        string Says(string promise) => (string)cage[promise]!;
        bool Shows(string line) => seen.Any(l => l.StartsWith(line, StringComparison.Ordinal));

        Assert.Equal(level, (string)cage["level"]!);
        Assert.Equal(Says("caps").StartsWith("cgroup-v1", StringComparison.Ordinal), seen.Any(l => l.Contains(":memory:", StringComparison.Ordinal) && l.Contains("/assay/", StringComparison.Ordinal)));
        Assert.Equal((string)caps["memory"]!["enforcement"]! == "kernel", Says("caps") == "cgroup-v1");
        Assert.Equal(Says("others").Contains("seccomp", StringComparison.Ordinal), Shows("Seccomp:\t2"));
        Assert.Equal(level != "none", Shows("CapEff:\t0000000000000000") && Shows("NoNewPrivs:\t1") && level != "none");
        Assert.Equal(Says("network").Contains("namespace", StringComparison.Ordinal), !Shows($"net={Own("net")}"));
        Assert.Equal(Says("reads").Contains("view", StringComparison.Ordinal), !Shows($"ipc={Own("ipc")}"));
        Assert.Equal(Says("others").Contains("pid namespace", StringComparison.Ordinal), !Shows($"pid={Own("pid")}"));
        Assert.Equal(level == "none", (string)caps["isolation"]! == "UNCAGED");
        if (level != "none") Assert.Contains(seen, l => l.StartsWith("home=", StringComparison.Ordinal) && l.Contains("/.home tmp=", StringComparison.Ordinal));
    }

    private static string Own(string name) => new FileInfo($"/proc/self/ns/{name}").LinkTarget!;
}
