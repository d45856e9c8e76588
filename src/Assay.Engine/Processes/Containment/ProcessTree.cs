using System.Globalization;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Effects;

namespace Assay.Engine.Processes.Containment;

/// <summary>
/// Without cgroups: rlimits and looking at /proc. Descendants are found through their parents, through the mark in their environment, and, since
/// this process is a subreaper, as orphans that were left to it. The memory and process caps of the tree are polled.
/// </summary>
internal sealed class ProcessTree : IContainment
{
    private readonly string _mark;
    private readonly HashSet<(int Pid, long Start)> _known = [];

    /// <param name="mark">The <c>NAME=value</c> that the process gets into its environment.</param>
    public ProcessTree(string mark) => _mark = mark;

    public string Handle => "mark:" + _mark;

    public bool HasOthers(int pid) => Members(pid).Exists(m => m.State != 'Z' && m.Pid != pid);

    public void Prepare(ProcessCaps caps) => _known.Clear();

    /// <summary>RLIMIT_DATA stops one process at the memory cap; the end of the engine ends the process (prctl PDEATHSIG).</summary>
    public IReadOnlyList<string> Launcher(ProcessCaps caps) =>
    [
        "/usr/bin/setpriv", "--pdeathsig", "KILL",
        "/usr/bin/prlimit",
        .. caps.MemoryBytes is { } memory ? new[] { "--data=" + memory.ToString(CultureInfo.InvariantCulture) } : [],
        .. caps.Processes is { } processes && Libc.GetEUid() != 0 ? new[] { "--nproc=" + processes.ToString(CultureInfo.InvariantCulture) } : [],
        "--core=0",
    ];

    public void Enter()
    {
    }

    public void Leave(ProcessCaps caps)
    {
    }

    public Usage Sample(int pid)
    {
        long rss = 0;
        long ticks = 0;
        var count = 0;
        foreach (var member in Members(pid))
        {
            if (member.State == 'Z') continue;
            rss += member.RssPages * Environment.SystemPageSize;
            ticks += member.CpuTicks;
            count++;
        }

        return new Usage(rss, ticks * 1_000_000 / ProcFs.TicksPerSecond, 0, count);
    }

    public Totals Total() => default;

    public IReadOnlyCollection<int> KillAll(int pid) =>
        KillLoop.Run(() => [.. Members(pid).Where(m => m.State != 'Z' && m.Pid != pid).Select(m => m.Pid)], pid);

    public CapInForce Memory(long? limit) =>
        new(limit, limit is null ? Enforcement.None : Enforcement.Polled, "proc:tree+rlimit:data per process");

    public CapInForce Processes(int? limit) => new(
        limit,
        limit is null ? Enforcement.None : Enforcement.Polled,
        Libc.GetEUid() == 0 ? "proc:tree (rlimit:nproc does not bind root)" : "proc:tree+rlimit:nproc");

    public CapInForce CpuTime(long? limitMs) => new(limitMs, limitMs is null ? Enforcement.None : Enforcement.Polled, "proc:tree+rlimit:cpu");

    public void Dispose()
    {
    }

    /// <summary>Ends every process that carries a mark, as another engine gave it.</summary>
    public static IReadOnlyCollection<int> End(string mark) =>
        KillLoop.Run(() => [.. ProcFs.All().Where(p => p.State != 'Z' && ProcFs.HasVariable(p.Pid, mark)).Select(p => p.Pid)]);

    private List<ProcFs.Stat> Members(int root)
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
                var adopted = process.Parent == Environment.ProcessId;
                if (inside.Contains(process.Parent) || process.Session == root || (adopted && ProcFs.HasVariable(process.Pid, _mark))) inside.Add(process.Pid);
            }
        }

        var members = all.FindAll(p => inside.Contains(p.Pid));
        foreach (var member in members) _known.Add((member.Pid, member.StartTicks));
        return members;
    }
}
