using Assay.Engine.Native;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Containment;

/// <summary>
/// Without cgroups: rlimits and looking at /proc. Descendants are found through their parents and their session, and, since this process is
/// a subreaper, as orphans that were left to it and lie in the run's domain. The memory and process caps of the tree are polled.
/// </summary>
internal sealed class ProcessTree : IContainment
{
    private readonly string _mark;
    private readonly HashSet<(int Pid, long Start)> _known = [];
    private SpawnThread? _thread;

    /// <param name="mark">The <c>NAME=value</c> that the process gets into its environment.</param>
    public ProcessTree(string mark) => _mark = mark;

    public string Handle => "mark:" + _mark;

    public string Kind => "proc";

    public bool HasOthers(int pid) => Find(pid).Exists(m => m.State != 'Z' && m.Pid != pid);

    public IReadOnlyCollection<int> Members(int pid) => [.. Find(pid).Where(m => m.State != 'Z').Select(m => m.Pid)];

    /// <summary>Whether orphans of the run are left, without a look at every process of the host.</summary>
    public bool HasOrphans() => Orphans.Collect().Any(IsOurs);

    public bool CanHold(long? memoryBytes) => true;

    public void Prepare(ProcessCaps caps) => _known.Clear();

    public IReadOnlyList<int> Joins => [];

    public IReadOnlyList<int> Leaves => [];

    public bool NeedsGate => false;

    public void Started(int pid, ProcessCaps caps, SpawnThread thread) => _thread = thread;

    public Usage Sample(int pid)
    {
        long rss = 0;
        long ticks = 0;
        var count = 0;
        var members = Find(pid).FindAll(m => m.State != 'Z');
        foreach (var member in members)
        {
            rss += member.RssPages * Environment.SystemPageSize;
            ticks += member.CpuTicks;
            count++;
        }

        rss += MemoryFiles.Bytes(members.Select(m => m.Pid));
        return new Usage(rss, ticks * 1_000_000 / ProcFs.TicksPerSecond, 0, count);
    }

    public Totals Total() => default;

    public IReadOnlyCollection<int> KillAll(int pid) =>
        KillLoop.Run(() => [.. Find(pid).Where(m => m.State != 'Z' && m.Pid != pid).Select(m => m.Pid)], pid);

    public CapInForce Memory(long? limit) =>
        new(limit, limit is null ? Enforcement.None : Enforcement.Polled, "proc:tree+rlimit:data per process");

    public CapInForce Processes(int? limit) => new(
        limit,
        limit is null ? Enforcement.None : Enforcement.Polled,
        "proc:tree");

    public CapInForce CpuTime(long? limitMs) => new(limitMs, limitMs is null ? Enforcement.None : Enforcement.Polled, "proc:tree+rlimit:cpu");

    public void Dispose()
    {
    }

    /// <summary>Ends every process that carries a mark, as another engine gave it.</summary>
    public static IReadOnlyCollection<int> End(string mark) =>
        KillLoop.Run(() => [.. ProcFs.All().Where(p => p.State != 'Z' && ProcFs.HasVariable(p.Pid, mark)).Select(p => p.Pid)]);

    private static bool IsAdopted(ProcFs.Stat process) => process.Parent == Environment.ProcessId && !OwnChildren.Contains(process.Pid);

    /// <summary>An orphan is ours if our thread can signal it, wherever it went; without domains, if it still has the mark.</summary>
    private bool IsOurs(int pid) => _thread is { CanEndAll: true } ? _thread.Reaches(pid) : ProcFs.HasVariable(pid, _mark);

    private List<ProcFs.Stat> Find(int root)
    {
        var all = ProcFs.All().ToList();
        var inside = new HashSet<int> { root };
        foreach (var process in all)
        {
            if (_known.Contains((process.Pid, process.StartTicks))) inside.Add(process.Pid);
        }

        for (var before = 0; before != inside.Count;)
        {
            before = inside.Count;
            foreach (var process in all)
            {
                if (inside.Contains(process.Pid)) continue;
                if (inside.Contains(process.Parent) || process.Session == root || (IsAdopted(process) && IsOurs(process.Pid))) inside.Add(process.Pid);
            }
        }

        var members = all.FindAll(p => inside.Contains(p.Pid));
        foreach (var member in members) _known.Add((member.Pid, member.StartTicks));
        return members;
    }
}
