using System.Globalization;
using Assay.Engine.Native;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>
/// A cgroup v2 folder in a delegated subtree. A thread cannot join alone there, so the program waits at a gate until it was moved in.
/// </summary>
internal sealed class CgroupV2 : IContainment
{
    private readonly string _path;
    private long _oomBefore;
    private long _hitsBefore;
    private long _cpuBefore;

    public CgroupV2(string parent, string name)
    {
        _path = Path.Combine(parent, name);
        Handle = "cgroup-v2:" + _path;
        Directory.CreateDirectory(_path);
    }

    public string Handle { get; }

    public string Kind => "cgroup-v2";

    public bool HasOthers(int pid) => CgroupPaths.Members(_path).Any(p => p != pid);

    public IReadOnlyCollection<int> Members(int pid) => CgroupPaths.Members(_path);

    public bool CanHold(long? memoryBytes) => true;

    public void Prepare(ProcessCaps caps)
    {
        Set("memory.max", caps.MemoryBytes);
        CgroupPaths.TryWrite(Path.Combine(_path, "memory.swap.max"), "0");
        CgroupPaths.TryWrite(Path.Combine(_path, "memory.oom.group"), "1");
        Set("pids.max", caps.Processes);
        _oomBefore = Read("memory.events", "oom_kill");
        _hitsBefore = Read("pids.events", "max");
        _cpuBefore = Read("cpu.stat", "usage_usec");
    }

    public IReadOnlyList<int> Joins => [];

    public IReadOnlyList<int> Leaves => [];

    public bool NeedsGate => true;

    public void Started(int pid, ProcessCaps caps, SpawnThread thread)
    {
        var members = Path.Combine(_path, "cgroup.procs");
        if (!CgroupPaths.TryWrite(members, pid.ToString(CultureInfo.InvariantCulture))) throw new IOException($"{members}: {Libc.LastError()}");
    }

    public Usage Sample(int pid) => new(
        Read("memory.stat", "anon") + Read("memory.stat", "file_mapped"),
        Read("cpu.stat", "usage_usec") - _cpuBefore,
        Read("memory.events", "oom_kill") - _oomBefore,
        CgroupPaths.Members(_path).Count);

    public Totals Total() => new(
        Read("memory.events", "oom_kill") - _oomBefore, Read("pids.events", "max") - _hitsBefore, Read("cpu.stat", "usage_usec") - _cpuBefore, 0);

    public IReadOnlyCollection<int> KillAll(int pid) => End(_path, pid);

    public CapInForce Memory(long? limit) => new(limit, limit is null ? Enforcement.None : Enforcement.Kernel, "cgroup-v2:memory");

    public CapInForce Processes(int? limit) => new(limit, limit is null ? Enforcement.None : Enforcement.Kernel, "cgroup-v2:pids");

    public CapInForce CpuTime(long? limitMs) => new(limitMs, limitMs is null ? Enforcement.None : Enforcement.Polled, "cgroup-v2:cpu+rlimit:cpu");

    public void Dispose() => CgroupPaths.Remove(_path);

    /// <summary>Ends everything in the cgroup that another engine's handle names, and removes it.</summary>
    public static IReadOnlyCollection<int> End(string path)
    {
        var found = End(path, leader: 0);
        CgroupPaths.Remove(path);
        return found;
    }

    /// <summary>Ends what engines that are gone left in their cgroups, and removes these.</summary>
    public static void EndStale()
    {
        foreach (var parent in DelegatedCgroup.Parents())
        {
            foreach (var path in CgroupPaths.Stale(parent)) End(path);
        }
    }

    private static IReadOnlyCollection<int> End(string path, int leader)
    {
        var found = CgroupPaths.Members(path);
        if (found.Count == 0) return found;
        CgroupPaths.TryWrite(Path.Combine(path, "cgroup.kill"), "1");
        var late = KillLoop.Run(() => CgroupPaths.Members(path), leader);
        KillLoop.Reap(found.Where(p => p != leader));
        return [.. found.Union(late)];
    }

    private void Set(string file, long? limit)
    {
        var path = Path.Combine(_path, file);
        if (limit is null && !File.Exists(path)) return;
        if (!CgroupPaths.TryWrite(path, limit?.ToString(CultureInfo.InvariantCulture) ?? "max")) throw new IOException($"{path}: {Libc.LastError()}");
    }

    private long Read(string file, string key)
    {
        using var control = ControlFile.TryOpen(Path.Combine(_path, file), Libc.O_RDONLY);
        return control?.ReadNumber(System.Text.Encoding.ASCII.GetBytes(key)) ?? 0;
    }
}
