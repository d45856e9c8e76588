using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>
/// Chooses at start how this host can contain processes, and lends containments out, since making one costs more than a process.
/// </summary>
internal sealed class ContainmentPool : IDisposable
{
    private static readonly string EngineName = $"{ProcessIdentity.Own.Pid}-{ProcessIdentity.Own.StartTicks}-{ProcFs.PidNamespace}";

    private static int _pools;

    private readonly ConcurrentBag<IContainment> _idle = [];
    private readonly ConcurrentBag<IContainment> _all = [];

    // Distinct for each pool of each process on this host, so that engines can tell whose cgroup is whose.
    private readonly string _session = $"{EngineName}-{Interlocked.Increment(ref _pools)}";
    private int _created;

    /// <param name="mode">What to use; null: the best there is.</param>
    public ContainmentPool(ContainmentMode? mode = null)
    {
        Mode = mode ?? Detect();
        if (Mode == ContainmentMode.CgroupV1) CgroupV1.EndStale();
        _ = Libc.Prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

        // Uncaged work of the same user must not read variables, memory or files of the engine through /proc (ruling 30).
        _ = Libc.Prctl(Libc.PR_SET_DUMPABLE, 0, 0, 0, 0);
    }

    public ContainmentMode Mode { get; }

    /// <summary>The best that this host offers to this user.</summary>
    public static ContainmentMode Detect()
    {
        if (DelegatedCgroup.Find() is not null) return ContainmentMode.CgroupV2;
        try
        {
            using var probe = new CgroupV1($"{EngineName}-probe{Guid.NewGuid():N}");
            return ContainmentMode.CgroupV1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ContainmentMode.ProcessTree;
        }
    }

    /// <summary>Lends a containment for one process.</summary>
    /// <param name="mark">What the process has in its environment.</param>
    /// <param name="isCaged">Whether the process cannot reach cgroups to leave them.</param>
    /// <param name="memoryBytes">Its cap on memory.</param>
    public IContainment Rent(string mark, bool isCaged, long? memoryBytes)
    {
        if (Mode == ContainmentMode.ProcessTree) return new ProcessTree(mark);
        var cgroup = RentCgroup(memoryBytes);
        return isCaged ? cgroup : new EscapableCgroup(cgroup, new ProcessTree(mark));
    }

    private IContainment RentCgroup(long? memoryBytes)
    {
        while (_idle.TryTake(out var idle))
        {
            if (idle.CanHold(memoryBytes)) return idle;
            idle.Dispose();
        }

        var name = $"{_session}.{Interlocked.Increment(ref _created)}";
        IContainment created = Mode == ContainmentMode.CgroupV2 ? new CgroupV2(DelegatedCgroup.Find()!, name) : new CgroupV1(name);
        _all.Add(created);
        return created;
    }

    public void Return(IContainment containment)
    {
        if (containment is EscapableCgroup escapable) containment = escapable.Cgroup;

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
}

/// <summary>How processes are held and their memory and number capped.</summary>
public enum ContainmentMode
{
    /// <summary>A delegated cgroup v2 subtree.</summary>
    [JsonStringEnumMemberName("cgroup_v2")]
    CgroupV2,

    /// <summary>The v1 controllers memory, pids and cpuacct.</summary>
    [JsonStringEnumMemberName("cgroup_v1")]
    CgroupV1,

    /// <summary>rlimits and polling of /proc.</summary>
    [JsonStringEnumMemberName("process_tree")]
    ProcessTree,
}
