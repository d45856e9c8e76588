using System.Globalization;
using Assay.Engine.Native;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>
/// A set of cgroup v1 folders, one a controller, used again and again for one process at a time. The spawning thread joins first, so the
/// child is inside from its first instruction; v1 lets a single thread move without the cost of a group move.
/// </summary>
internal sealed class CgroupV1 : IContainment
{
    private const long Unlimited = -1;

    private readonly string _folder;
    private readonly Controller _memory;
    private readonly Controller _pids;
    private readonly Controller? _cpu;
    private readonly ControlFile _memoryLimit;
    private readonly ControlFile? _socketLimit;
    private readonly ControlFile _memoryStat;
    private readonly ControlFile _memoryPeak;
    private readonly ControlFile _oomControl;
    private readonly ControlFile _pidsMax;
    private readonly ControlFile _pidsEvents;
    private readonly ControlFile? _cpuUsage;
    private long _memoryInForce = Unlimited;
    private long _oomBefore;
    private long _hitsBefore;
    private long _cpuBefore;

    /// <summary>Creates the folders <c>/sys/fs/cgroup/CONTROLLER/assay/NAME</c>.</summary>
    /// <exception cref="IOException">The host does not let us.</exception>
    public CgroupV1(string name)
    {
        _folder = Path.Combine(CgroupPaths.Parent, name);
        Handle = "cgroup-v1:" + _folder;
        _memory = new Controller("memory", _folder);
        _pids = new Controller("pids", _folder);
        _cpu = Controller.TryCreate("cpuacct", _folder);
        _memoryLimit = _memory.Open("memory.limit_in_bytes", Libc.O_RDWR);
        _socketLimit = _memory.TryOpen("memory.kmem.tcp.limit_in_bytes", Libc.O_RDWR);
        _memoryStat = _memory.Open("memory.stat", Libc.O_RDONLY);
        _memoryPeak = _memory.Open("memory.max_usage_in_bytes", Libc.O_RDWR);
        _oomControl = _memory.Open("memory.oom_control", Libc.O_RDONLY);
        _pidsMax = _pids.Open("pids.max", Libc.O_RDWR);
        _pidsEvents = _pids.Open("pids.events", Libc.O_RDONLY);
        _cpuUsage = _cpu?.Open("cpuacct.usage", Libc.O_RDONLY);
    }

    public string Handle { get; }

    public string Kind => "cgroup-v1";

    public bool HasOthers(int pid) => _pids.Members().Any(p => p != pid);

    public IReadOnlyCollection<int> Members(int pid) => _pids.Members();

    public bool CanHold(long? memoryBytes)
    {
        try
        {
            LimitMemory(memoryBytes ?? Unlimited);
            return true;
        }
        catch (IOException)
        {
            // The pages of a file system in memory stay charged until its namespace is taken down.
            return false;
        }
    }

    public void Prepare(ProcessCaps caps)
    {
        LimitMemory(caps.MemoryBytes ?? Unlimited);
        _memoryPeak.TryWrite("0"u8);

        // One more than the cap: the spawning thread counts until it leaves.
        if (caps.Processes is { } processes) _pidsMax.Write(processes + 1);
        else _pidsMax.TryWrite("max"u8);
        _oomBefore = _oomControl.ReadNumber("oom_kill"u8);
        _hitsBefore = _pidsEvents.ReadNumber("max"u8);
        _cpuBefore = _cpuUsage?.ReadNumber() ?? 0;
    }

    private void LimitMemory(long memory)
    {
        if (memory == _memoryInForce) return;

        // What an earlier process left in the page cache is charged here; it must not keep the limit from being lowered.
        _memory.TryWrite("memory.force_empty", "0"u8);
        _memoryLimit.Write(memory);

        // What TCP holds in sockets is counted apart.
        _socketLimit?.Write(memory);
        _memoryInForce = memory;
    }

    public IReadOnlyList<int> Joins => [.. Controllers.Select(c => c.JoinFd)];

    public IReadOnlyList<int> Leaves => [.. Controllers.Select(c => c.LeaveFd)];

    public bool NeedsGate => false;

    private IEnumerable<Controller> Controllers => _cpu is null ? [_memory, _pids] : [_memory, _pids, _cpu];

    public void Started(int pid, ProcessCaps caps, SpawnThread thread)
    {
        if (caps.Processes is { } processes) _pidsMax.Write(processes);
    }

    public Usage Sample(int pid)
    {
        var stat = _memoryStat.ReadText();
        return new Usage(
            Number(stat, "total_rss") + Number(stat, "total_mapped_file"),
            _cpuUsage is null ? 0 : (_cpuUsage.ReadNumber() - _cpuBefore) / 1000,
            _oomControl.ReadNumber("oom_kill"u8) - _oomBefore,
            _pids.Members().Count);
    }

    public Totals Total() => new(
        _oomControl.ReadNumber("oom_kill"u8) - _oomBefore,
        _pidsEvents.ReadNumber("max"u8) - _hitsBefore,
        _cpuUsage is null ? 0 : (_cpuUsage.ReadNumber() - _cpuBefore) / 1000,
        _memoryPeak.ReadNumber());

    public IReadOnlyCollection<int> KillAll(int pid)
    {
        if (_pids.Members().Count == 0) return [];

        // v1 has no cgroup.kill; without new forks the loop must come to an end.
        _pidsMax.TryWrite("0"u8);
        return KillLoop.Run(_pids.Members, pid);
    }

    public CapInForce Memory(long? limit) => new(limit, limit is null ? Enforcement.None : Enforcement.Kernel, "cgroup-v1:memory");

    public CapInForce Processes(int? limit) => new(limit, limit is null ? Enforcement.None : Enforcement.Kernel, "cgroup-v1:pids");

    public CapInForce CpuTime(long? limitMs) =>
        new(limitMs, limitMs is null ? Enforcement.None : Enforcement.Polled, _cpuUsage is null ? "proc" : "cgroup-v1:cpuacct+rlimit:cpu");

    public void Dispose()
    {
        foreach (var file in new[] { _memoryLimit, _socketLimit, _memoryStat, _memoryPeak, _oomControl, _pidsMax, _pidsEvents, _cpuUsage }) file?.Dispose();
        _memory.Dispose();
        _pids.Dispose();
        _cpu?.Dispose();
    }

    /// <summary>Ends what another engine left in the cgroup that its handle names, and removes the cgroup.</summary>
    public static IReadOnlyCollection<int> End(string folder)
    {
        IReadOnlyCollection<int> found = [];
        foreach (var controller in new[] { "pids", "memory", "cpuacct" })
        {
            var path = Path.Combine(CgroupPaths.Root, controller, folder);
            if (!Directory.Exists(path)) continue;
            if (controller == "pids") CgroupPaths.TryWrite(Path.Combine(path, "pids.max"), "0");
            var killed = KillLoop.Run(() => CgroupPaths.Members(path));
            if (killed.Count > found.Count) found = killed;
            CgroupPaths.Remove(path);
        }

        return found;
    }

    /// <summary>Ends what engines that are gone left in their cgroups, and removes these.</summary>
    public static void EndStale()
    {
        foreach (var controller in new[] { "pids", "memory", "cpuacct" })
        {
            foreach (var path in CgroupPaths.Stale(Path.Combine(CgroupPaths.Root, controller, CgroupPaths.Parent)))
            {
                End(Path.Combine(CgroupPaths.Parent, Path.GetFileName(path)));
            }
        }
    }

    private static long Number(string stat, string key)
    {
        var at = stat.IndexOf("\n" + key + " ", StringComparison.Ordinal);
        if (at < 0) return 0;
        var text = stat.AsSpan(at + key.Length + 2);
        return long.Parse(text[..text.IndexOf('\n')], CultureInfo.InvariantCulture);
    }

    /// <summary>One controller's folder, with the files that are used at every start kept open.</summary>
    private sealed class Controller : IDisposable
    {
        private readonly string _path;
        private readonly ControlFile _join;
        private readonly ControlFile _leave;

        public Controller(string name, string folder)
        {
            _path = Path.Combine(CgroupPaths.Root, name, folder);
            Directory.CreateDirectory(_path);
            _join = ControlFile.Open(Path.Combine(_path, "tasks"), Libc.O_WRONLY);
            _leave = ControlFile.Open(Path.Combine(CgroupPaths.Root, name, CgroupPaths.Own(name), "tasks"), Libc.O_WRONLY);
        }

        public static Controller? TryCreate(string name, string folder)
        {
            try
            {
                return Directory.Exists(Path.Combine(CgroupPaths.Root, name)) ? new Controller(name, folder) : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        public ControlFile? TryOpen(string file, int flags) => ControlFile.TryOpen(Path.Combine(_path, file), flags);

        public ControlFile Open(string file, int flags) => ControlFile.Open(Path.Combine(_path, file), flags);

        public bool TryWrite(string file, ReadOnlySpan<byte> text)
        {
            using var control = ControlFile.TryOpen(Path.Combine(_path, file), Libc.O_WRONLY);
            return control?.TryWrite(text) ?? false;
        }

        public int JoinFd => _join.Fd;

        public int LeaveFd => _leave.Fd;

        /// <summary>
        /// The processes inside, without this one, whose spawning thread may be passing through. Opened anew each time: v1 answers an open
        /// file from a list that it keeps as long as it is asked again within a second.
        /// </summary>
        public IReadOnlyCollection<int> Members() => [.. CgroupPaths.Members(_path).Where(p => p != Environment.ProcessId)];

        public void Dispose()
        {
            _join.Dispose();
            _leave.Dispose();
            CgroupPaths.Remove(_path);
        }
    }
}
