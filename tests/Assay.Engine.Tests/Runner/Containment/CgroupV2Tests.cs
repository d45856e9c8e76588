using Assay.Engine.Runner;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;

namespace Assay.Tests.Runner.Containment;

/// <summary>
/// Joining and ending through a cgroup v2 folder, on whatever v2 hierarchy the host has. Where its controllers belong to v1 the limits
/// themselves cannot be tried.
/// </summary>
public sealed class CgroupV2Tests
{
    [Fact]
    public void A_child_is_inside_before_it_runs_and_nothing_of_it_outlives_the_folder()
    {
        var hierarchy = new[] { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" }.FirstOrDefault(p => File.Exists(Path.Combine(p, "cgroup.controllers")));
        if (hierarchy is null || Environment.UserName != "root") Assert.Skip("needs root and a cgroup v2 hierarchy");
        using var folder = new TemporaryFolder();
        using var cgroup = new CgroupV2(hierarchy, $"assay-test-{Guid.NewGuid():N}");
        using var stdout = new OutputCapture(File.OpenHandle(folder.Under("out"), FileMode.CreateNew, FileAccess.Write), 1000);
        using var stderr = new OutputCapture(File.OpenHandle(folder.Under("err"), FileMode.CreateNew, FileAccess.Write), 1000);
        using var cancel = new CancelSignal(default);
        var start = new ProcessStart
        {
            Command = ["/bin/sh", "-c", "cat /proc/self/cgroup; (setsid sleep 60 &); sleep 0.1"],
            Environment = ["PATH=/usr/bin:/bin"],
            Folder = folder.Path,
            Plan = new CagePlan { Level = SandboxLevel.None, Reads = [], Writes = [], Hides = [], MayHoldSockets = true, WorkFolder = "/" },
            MeterFolder = "/tmp",
            RecordFolder = "/tmp",
            Caps = new ProcessCaps { TimeMs = 5000, KillMs = 5500, StdoutBytes = 1000, StderrBytes = 1000 },
        };
        var end = CappedProcess.Run(start, cgroup, stdout, stderr, cancel, static _ => { });
        Assert.Equal((0, null, 1), (end.ExitCode, end.Reason, end.Leaked));
        Assert.Contains("assay-test-", File.ReadAllText(folder.Under("out")), StringComparison.Ordinal);
        Assert.False(cgroup.HasOthers(0));
    }
}
