using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Assay.Engine.Native;
using Assay.Engine.Runner.Network;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// What this process has to cage work with, found out by making the calls: one root thread in a domain of the engine's own, from which
/// every run's thread comes, one watcher in the same domain, and the views.
/// </summary>
internal sealed class CageHost
{
    private const long SeccompActionAvailable = 2;
    private const uint SeccompAllow = 0x7FFF0000;

    private static readonly Lazy<CageHost> Detected = new(static () => new CageHost());

    private readonly ConcurrentDictionary<string, Lazy<View>> _views = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private Watcher _watcher;

    private CageHost()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) throw new PlatformNotSupportedException("Assay runs on x86-64 Linux only so far");
        HasSeccomp = ActionIsAvailable();
        Root = StartRoot() ?? throw new InvalidOperationException("this process cannot start threads");
        _watcher = Watcher.Start(Root, holdsSignals: Landlock.Abi >= Landlock.ScopeAbi);
        ViewProblem = Libc.GetEUid() == 0 ? ViewFor(ViewKey.Of([])).Problem : "only root may make one";
        Mechanism = Choose();
    }

    /// <summary>This process's, made when it is first asked for.</summary>
    public static CageHost Current => Detected.Value;

    /// <summary>Starts the threads of runs that see the host's own file system.</summary>
    public ThreadRoot Root { get; }

    /// <summary>Ends all that runs left when this process is gone, whichever way.</summary>
    public Watcher Watcher => _watcher.IsAlive ? _watcher : Again();

    public bool HasSeccomp { get; }

    /// <summary>Why no view can be made natively; null when it can.</summary>
    public string? ViewProblem { get; }

    public Mechanism Mechanism { get; }

    /// <summary>Why the levels above none are refused, with the ways out; null when they are not.</summary>
    public string? Problem => Mechanism != Mechanism.Missing
        ? null
        : "work cannot be caged here: run as root, on Linux 6.2 or later, or install bubblewrap (apt-get install bubblewrap)";

    /// <summary>Why hosts cannot be named here; null when they can.</summary>
    public string? HostsProblem => Mechanism switch
    {
        Mechanism.View => null,
        Mechanism.Bubblewrap => UserNetwork.Problem is { } problem ? $"{NetworkGate.Missing}; here {problem}" : null,
        _ => NetworkGate.Missing,
    };

    /// <summary>The view that has a place for what a run is granted.</summary>
    public View ViewFor(ViewKey key)
    {
        // A view holds the files of /etc that were there when it was made; replacing one changes the folder.
        var name = $"{key}\n{Stamp("/etc")}\n{Stamp("/etc/resolv.conf")}";
        var view = _views.GetOrAdd(name, _ => new Lazy<View>(() => new View(ViewRoot.Start(Root, key, out var problem), problem))).Value;

        // What failed for want of something may be tried again.
        if (view.Root is null) _views.TryRemove(name, out _);
        return view;
    }

    private static long Stamp(string path) => File.GetLastWriteTimeUtc(RealPath.Of(path)).Ticks;

    /// <summary>Somebody ended the watcher, which nothing that is caged can.</summary>
    private Watcher Again()
    {
        lock (_gate) return _watcher.IsAlive ? _watcher : _watcher = Watcher.Start(Root, holdsSignals: true);
    }

    private Mechanism Choose()
    {
        if (!HasSeccomp) return Mechanism.Missing;
        if (ViewProblem is null) return Mechanism.View;
        if (Bubblewrap.Problem is null) return Mechanism.Bubblewrap;
        return Landlock.Abi >= Landlock.TruncateAbi ? Mechanism.Landlock : Mechanism.Missing;
    }

    /// <summary>
    /// A root in a domain that keeps signals inside. Where the kernel has no such domains, the root is only the one that starts threads.
    /// </summary>
    private static ThreadRoot? StartRoot()
    {
        using var plain = new SyscallScript();
        if (Landlock.Abi < Landlock.ScopeAbi) return ThreadRoot.Start(null, plain, out _);
        using var script = new SyscallScript();
        CageScript.NameThread(script, "assay-root");
        var ruleset = Landlock.Create(files: false, Landlock.ScopeSignals);

        // Without this capability the kernel takes a domain only from those who can gain no privileges any more.
        if (!Capabilities.HasSysAdmin) script.Call("no_new_privs", SyscallNumbers.Prctl, CageScript.SetNoNewPrivileges, 1);
        script.Call("landlock_restrict_self", SyscallNumbers.LandlockRestrictSelf, ruleset, 0);
        var root = ThreadRoot.Start(null, script, out _) ?? ThreadRoot.Start(null, plain, out _);
        _ = Libc.Close(ruleset);
        return root;
    }

    private static unsafe bool ActionIsAvailable()
    {
        var action = SeccompAllow;
        return Libc.Syscall(SyscallNumbers.Seccomp, SeccompActionAvailable, 0, (long)&action, 0, 0, 0) == 0;
    }
}

/// <summary>A view whose threads can be started, or why there is none.</summary>
internal sealed record View(ThreadRoot? Root, string? Problem);
