using System.Collections.Concurrent;
using Assay.Engine.Processes.Native;

namespace Assay.Engine.Processes.Containment;

/// <summary>Chooses at start how this host can contain processes, and lends containments out, since making one costs more than a process.</summary>
internal sealed class ContainmentPool : IDisposable
{
    private static int _pools;

    private readonly ConcurrentBag<IContainment> _idle = [];
    private readonly ConcurrentBag<IContainment> _all = [];

    // Distinct for each pool of each process on this host, so that engines can tell whose cgroup is whose.
    private readonly string _session = $"{Environment.ProcessId}-{ProcFs.Read(Environment.ProcessId)?.StartTicks}-{Interlocked.Increment(ref _pools)}";
    private int _created;

    /// <param name="mode">What to use; null: the best there is.</param>
    public ContainmentPool(ContainmentMode? mode = null)
    {
        Mode = mode ?? Detect();
        if (Mode == ContainmentMode.CgroupV1) CgroupV1.RemoveStale();
        _ = Libc.Prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }

    public ContainmentMode Mode { get; }

    /// <summary>The best that this host offers to this user.</summary>
    public static ContainmentMode Detect()
    {
        if (DelegatedV2() is not null) return ContainmentMode.CgroupV2;
        try
        {
            using var probe = new CgroupV1($"{Environment.ProcessId}-probe-{Guid.NewGuid():N}");
            return ContainmentMode.CgroupV1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ContainmentMode.ProcessTree;
        }
    }

    public IContainment Rent(string mark)
    {
        if (Mode == ContainmentMode.ProcessTree) return new ProcessTree(mark);
        if (_idle.TryTake(out var idle)) return idle;
        var name = $"{_session}.{Interlocked.Increment(ref _created)}";
        IContainment created = Mode == ContainmentMode.CgroupV2 ? new CgroupV2(DelegatedV2()!, name) : new CgroupV1(name);
        _all.Add(created);
        return created;
    }

    public void Return(IContainment containment)
    {
        // What the kernel could not end keeps its cgroup; nobody else may be charged for it.
        if (Mode == ContainmentMode.ProcessTree || containment.HasOthers(0)) containment.Dispose();
        else _idle.Add(containment);
    }

    /// <summary>Ends what the containment of another engine, named by its handle, still holds.</summary>
    public static IReadOnlyCollection<int> End(string handle)
    {
        var colon = handle.IndexOf(':', StringComparison.Ordinal);
        var rest = handle[(colon + 1)..];
        return handle[..Math.Max(0, colon)] switch
        {
            "cgroup-v1" => CgroupV1.End(rest),
            "cgroup-v2" => CgroupV2.End(rest),
            "mark" => ProcessTree.End(rest),
            _ => [],
        };
    }

    public void Dispose()
    {
        foreach (var containment in _all) containment.Dispose();
    }

    /// <summary>A v2 cgroup of ours whose children can have memory and pids limits, or null.</summary>
    private static string? DelegatedV2()
    {
        var own = Path.Combine(CgroupPaths.Root, CgroupPaths.Own(""));
        var parent = Path.Combine(own, CgroupPaths.Parent);
        foreach (var candidate in new[] { parent, Path.Combine(CgroupPaths.Root, CgroupPaths.Parent) })
        {
            try
            {
                var above = Path.GetDirectoryName(candidate)!;
                var controllers = Path.Combine(above, "cgroup.controllers");
                if (!File.Exists(controllers) || !File.ReadAllText(controllers).Contains("memory", StringComparison.Ordinal)) continue;
                Directory.CreateDirectory(candidate);
                CgroupPaths.TryWrite(Path.Combine(above, "cgroup.subtree_control"), "+memory +pids +cpu");
                CgroupPaths.TryWrite(Path.Combine(candidate, "cgroup.subtree_control"), "+memory +pids +cpu");
                var enabled = File.ReadAllText(Path.Combine(candidate, "cgroup.subtree_control"));
                if (enabled.Contains("memory", StringComparison.Ordinal) && enabled.Contains("pids", StringComparison.Ordinal)) return candidate;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not delegated to us; the next candidate may be.
            }
        }

        return null;
    }
}

/// <summary>How processes are held and their memory and number capped.</summary>
public enum ContainmentMode
{
    /// <summary>A delegated cgroup v2 subtree.</summary>
    CgroupV2,

    /// <summary>The v1 controllers memory, pids and cpuacct.</summary>
    CgroupV1,

    /// <summary>rlimits and polling of /proc.</summary>
    ProcessTree,
}
