using Assay.Engine.Native;
using Assay.Engine.Runner.Containment;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// What a spawning thread does to itself before it starts the program, in the order that cage.md gives: namespaces and mounts, no
/// capabilities, Landlock, seccomp. Owns the descriptors that the calls need.
/// </summary>
internal sealed unsafe class CageScript : IDisposable
{
    public const long SetNoNewPrivileges = 38;

    private const long SetName = 15;
    private const long DropBounding = 24;
    private const long Ambient = 47;
    private const long ClearAmbient = 4;
    private const int LastCapability = 40;
    private const uint CapabilityVersion = 0x20080522;
    private const long SetFilter = 1;
    private const long Plain = ScriptMounts.NoSetUid | ScriptMounts.NoDevices;

    /// <summary>File systems in memory that every run has for itself.</summary>
    private static readonly string[] RunOwn = ["/tmp", "/dev/shm"];

    /// <summary>What is of the view itself, so that only the thread can name it.</summary>
    private static readonly (string Path, ulong Rights)[] OfView = [("/", Landlock.ReadFolder), ("/proc", Landlock.Reading), ("/run", Landlock.Reading)];

    private readonly List<MountTree> _trees = [];
    private int _ruleset = -1;

    /// <summary>The calls. Whoever starts the thread owns them.</summary>
    public SyscallScript Script { get; } = new();

    /// <summary>What the thread does once the program runs. Whoever starts the thread owns it.</summary>
    public SyscallScript After { get; } = new();

    private CageScript(IContainment containment)
    {
        NameThread(Script, "assay-spawner");
        foreach (var file in containment.Joins) Script.Call($"join {containment.Handle}", SyscallNumbers.Write, file, Script.Text("0"), 1);
        foreach (var file in containment.Leaves) After.Call("leave the cgroup", SyscallNumbers.Write, file, After.Text("0"), 1).OrNot();
    }

    /// <summary>Only what every run gets, so that it can be ended whole: a domain of its own inside the engine's.</summary>
    /// <param name="containment">What it joins first.</param>
    /// <param name="scoped">What is kept inside the domain besides signals.</param>
    public static CageScript Uncaged(IContainment containment, ulong scoped = 0)
    {
        var cage = new CageScript(containment);
        if (CageHost.Current.Watcher.Watches) cage.Enter(Landlock.Create(files: false, Landlock.ScopeSignals | scoped));
        return cage;
    }

    /// <summary>For a thread that begins in the view that has a place for this plan.</summary>
    /// <param name="plan">What the run may reach.</param>
    /// <param name="containment">What it joins first.</param>
    /// <param name="sharedMemoryBytes">The most that its own file systems in memory may hold, each.</param>
    /// <exception cref="IOException">A path of the plan cannot be mounted.</exception>
    public static CageScript InView(CagePlan plan, IContainment containment, long sharedMemoryBytes)
    {
        var cage = new CageScript(containment);
        try
        {
            cage.Namespaces(plan);
            cage.Mounts(plan, sharedMemoryBytes);
            cage.DropPrivileges();
            cage.Enter(Landlock.Abi > 0 ? cage.RulesInView(plan) : -1);
            cage.Filter(hasView: true, hasNetwork: true, mayCallByPath: !plan.MayHoldSockets);
            return cage;
        }
        catch
        {
            cage.Abandon();
            throw;
        }
    }

    /// <summary>For a thread that sees the host's file system: Landlock refuses what the plan does not grant.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static CageScript OnHost(CagePlan plan, IContainment containment)
    {
        var cage = new CageScript(containment);
        try
        {
            cage.DropPrivileges();
            var ruleset = Landlock.Create(files: true, Landlock.ScopeSignals | Landlock.ScopeAbstractSockets);
            cage.Enter(ruleset);
            HostRules.Grant(ruleset, plan);
            cage.Filter(hasView: false, plan.HasNetwork, mayCallByPath: false);
            return cage;
        }
        catch
        {
            cage.Abandon();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var tree in _trees) tree.Dispose();
        if (_ruleset >= 0) _ = Libc.Close(_ruleset);
        _ruleset = -1;
    }

    /// <summary>So that whoever looks at the engine's threads knows which ones are not like the others.</summary>
    public static void NameThread(SyscallScript script, string name) =>
        script.Call("name the thread", SyscallNumbers.Prctl, SetName, script.Text(name));

    private void Abandon()
    {
        Script.Dispose();
        After.Dispose();
        Dispose();
    }

    private void Namespaces(CagePlan plan)
    {
        var wanted = ScriptMounts.NewMounts | ScriptMounts.NewIpc | ScriptMounts.NewHostNames | (plan.HasNetwork ? 0 : ScriptMounts.NewNetwork);
        Script.Call("unshare namespaces", SyscallNumbers.Unshare, wanted);
        if (plan.HasNetwork) return;
        Script.Loopback();
        plan.Gate?.MakeIn(Script);
    }

    private void Mounts(CagePlan plan, long sharedMemoryBytes)
    {
        foreach (var (file, path, _) in NamesOf(plan)) Script.BindOver(file, path);
        var room = $"size={sharedMemoryBytes},nr_inodes=16k,mode=1777";
        Script.Mount("tmpfs", "/tmp", Plain, room);
        Script.Mount("tmpfs", "/dev/shm", Plain, room);

        // .NET's mutexes with names fail at first use where it would have to make all of this itself.
        Script.MakeFolders("/tmp", "/tmp/.dotnet/shm");
        Script.MakeFolders("/tmp", "/tmp/.dotnet/lockfiles");
        Script.Mount("proc", "/proc", Plain | ScriptMounts.NoExecute | ScriptMounts.ReadOnly, "hidepid=ptraceable");
        var tops = new HashSet<string>(RunOwn, StringComparer.Ordinal);
        var steps = MountOrder.Of(plan);
        foreach (var step in steps)
        {
            var top = ViewKey.Top(step.Path);
            if (!SystemPaths.IsSystem(top) && tops.Add(top)) Script.Mount("tmpfs", top, Plain, "size=1m,mode=755");
            Attach(step, plan);
        }

        foreach (var (name, real) in plan.Aliases.Where(a => !SystemPaths.Holds(a.Name)))
        {
            var top = ViewKey.Top(name);
            if (!SystemPaths.IsSystem(top) && tops.Add(top)) Script.Mount("tmpfs", top, Plain, "size=1m,mode=755");
            Script.MakeFolders(top, Path.GetDirectoryName(name)!);
            Script.Call($"link {name}", SyscallNumbers.SymLink, Script.Text(real), Script.Text(name)).OrNot();
        }

        // What is only the way to what was granted, and what stands in place of what is hidden, must not be written to.
        var covered = steps.Where(s => MountOrder.IsCovered(s) && Directory.Exists(s.Path)).Select(s => s.Path);
        var passages = tops.Except(RunOwn.Concat(plan.Writes), StringComparer.Ordinal);
        foreach (var path in covered.Concat(passages)) Script.Restrict(path, Plain | ScriptMounts.ReadOnly);
    }

    /// <summary>What stands in place of the host's own files in a run with a gate, where the host has them.</summary>
    private static IEnumerable<(string File, string Path, string Text)> NamesOf(CagePlan plan) =>
        plan.Gate is null ? [] : ViewRoot.OfGate.Where(n => File.Exists(n.Path));

    private void Attach(MountStep step, CagePlan plan)
    {
        var isFolder = Directory.Exists(step.Path);
        var top = ViewKey.Top(step.Path);

        // Also below the system's folders, where something hidden may stand on the way.
        Script.MakeFolders(top, isFolder ? step.Path : Path.GetDirectoryName(step.Path)!);
        if (!isFolder) Script.MakeFile(step.Path);
        if (MountOrder.IsCovered(step))
        {
            if (isFolder) Script.Mount("tmpfs", step.Path, Plain, "size=1m,mode=755");
            else Script.BindOver(ViewRoot.EmptyFile, step.Path);
            return;
        }

        if (plan.Disk is { } disk && step.Path == plan.Writes[0])
        {
            disk.AttachAt(Script, step.Path);
            return;
        }

        const ulong plain = MountTree.NoSetUid | MountTree.NoDevices;
        var tree = MountTree.Of(step.Path, step.Kind == MountKind.Read ? plain | MountTree.ReadOnly : plain);
        _trees.Add(tree);
        tree.AttachAt(Script, step.Path);
    }

    /// <summary>
    /// Capabilities first: Landlock would let them through /proc. Without no_new_privs an exec by root gives all of them back.
    /// </summary>
    private void DropPrivileges()
    {
        for (var capability = 0; capability <= LastCapability; capability++)
        {
            Script.Call("drop a bounding capability", SyscallNumbers.Prctl, DropBounding, capability).OrNot();
        }

        Script.Call("drop ambient capabilities", SyscallNumbers.Prctl, Ambient, ClearAmbient).OrNot();
        Script.Call("capset", SyscallNumbers.CapSet, Script.Copy(CapabilityVersion, 0u), Script.Copy<uint>(0, 0, 0, 0, 0, 0));
        Script.Call("no_new_privs", SyscallNumbers.Prctl, SetNoNewPrivileges, 1);
    }

    /// <summary>
    /// In a view, everything there may be read, and only what is the run's own may be changed; pipes of the host that lie in it included.
    /// </summary>
    private int RulesInView(CagePlan plan)
    {
        var ruleset = Landlock.Create(files: true, Landlock.ScopeSignals | Landlock.ScopeAbstractSockets);
        _ruleset = ruleset;
        var inView = HostRules.TryGrantAround(ruleset, plan)
            ? OfView.Concat(NamesOf(plan).Select(n => (n.Path, Rights: Landlock.Reading & Landlock.OfFiles)))
            : [("/", Landlock.Reading)];
        foreach (var (path, rights) in inView) Landlock.GrantInView(Script, ruleset, path, rights);
        foreach (var device in SystemPaths.Devices) Landlock.GrantInView(Script, ruleset, device, Landlock.OfDevices);
        var writable = RunOwn.Where(own => !HoldsPipes(plan, own)).Concat(plan.Writes);
        foreach (var path in writable) Landlock.GrantInView(Script, ruleset, path, Landlock.Writing);
        return ruleset;
    }

    /// <summary>
    /// Whether something of the host that takes bytes even where it is read-only is mounted below one of the run's own file systems.
    /// </summary>
    private static bool HoldsPipes(CagePlan plan, string own) => plan.MayHoldSockets && plan.Reads.Any(r => MountOrder.IsBelow(r, own));

    private void Enter(int ruleset)
    {
        _ruleset = ruleset;
        if (ruleset < 0) return;
        if (!Capabilities.HasSysAdmin) Script.Call("no_new_privs", SyscallNumbers.Prctl, SetNoNewPrivileges, 1);
        Script.Call("landlock_restrict_self", SyscallNumbers.LandlockRestrictSelf, ruleset, 0);
    }

    private void Filter(bool hasView, bool hasNetwork, bool mayCallByPath)
    {
        var (program, length) = SeccompPrograms.Get(hasView, hasNetwork, mayCallByPath);
        var header = Script.Take(16);
        *(ushort*)header = length;
        *(IntPtr*)(header + 8) = program;
        Script.Call("seccomp", SyscallNumbers.Seccomp, SetFilter, 0, (long)header);
    }
}
