using System.Runtime.InteropServices;
using System.Text;
using Assay.Engine.Native;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Runner.Network;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>Starts programs in the cage that their plan asks for, by the mechanism of this host.</summary>
internal static unsafe class Cage
{
    private const long DefaultSharedMemoryBytes = 64L << 20;
    private const long PolledShare = 8;

    /// <summary>How a plan is held here.</summary>
    public static Mechanism MechanismOf(SandboxLevel level) => level == SandboxLevel.None ? Mechanism.Missing : CageHost.Current.Mechanism;

    /// <summary>Starts a program, inside its containment and its cage from its first instruction.</summary>
    /// <param name="plan">What it may reach.</param>
    /// <param name="request">What to start.</param>
    /// <param name="containment">What holds it.</param>
    /// <param name="caps">Its caps, which its file systems in memory heed.</param>
    /// <param name="gate">Where it waits first; null: nowhere.</param>
    public static CagedProgram Start(CagePlan plan, SpawnRequest request, IContainment containment, ProcessCaps caps, Gate? gate)
    {
        var host = CageHost.Current;
        if (plan.Level != SandboxLevel.None && plan.NeedsWayOut && plan.Gate is null) return CagedProgram.NotStarted(NetworkGate.Missing);
        try
        {
            return (plan.Level, host.Mechanism) switch
            {
                (SandboxLevel.None, _) => Spawn(host.Root, CageScript.Uncaged(containment), request, gate),
                (_, Mechanism.View) => InView(host, plan, request, containment, caps, gate),
                (_, Mechanism.Landlock) => Spawn(host.Root, CageScript.OnHost(plan, containment), request, gate),
                (_, Mechanism.Bubblewrap) => InBubblewrap(host, plan, request, containment, caps, gate),
                _ => CagedProgram.NotStarted(host.Problem!),
            };
        }
        catch (IOException e)
        {
            return CagedProgram.NotStarted($"the cage cannot be made: {e.Message}");
        }
    }

    private static CagedProgram InView(
        CageHost host, CagePlan plan, SpawnRequest request, IContainment containment, ProcessCaps caps, Gate? gate)
    {
        var names = plan.Aliases.Select(a => a.Name).Where(n => !SystemPaths.Holds(n));
        var view = host.ViewFor(ViewKey.Of(plan.Reads.Concat(plan.Writes).Concat(names)));
        if (view.Root is null) return CagedProgram.NotStarted($"the cage cannot be made: {view.Problem}");
        var started = Spawn(view.Root, CageScript.InView(plan, containment, SharedMemory(caps, containment)), request, gate);
        if (started.Problem is null) plan.Gate?.Start();
        return started;
    }

    /// <summary>
    /// What each file system in memory may hold. Where memory is only polled, little, since what lies there is in no process's size.
    /// </summary>
    private static long SharedMemory(ProcessCaps caps, IContainment containment)
    {
        var memory = Math.Min(caps.MemoryBytes ?? DefaultSharedMemoryBytes, caps.DiskBytes ?? long.MaxValue);
        return Math.Max(containment is ProcessTree ? memory / PolledShare : memory, Environment.SystemPageSize);
    }

    private static CagedProgram InBubblewrap(
        CageHost host, CagePlan plan, SpawnRequest request, IContainment containment, ProcessCaps caps, Gate? gate)
    {
        // Abstract names belong to the network, which a confined run shares: without a domain that keeps them inside, it gets no such
        // sockets.
        var keepsNames = !plan.HasNetwork || CageHost.Current.Watcher.Watches;
        var filter = SeccompFilter.Build(hasView: true, hasNetwork: true, mayCallByPath: keepsNames && !plan.MayHoldSockets);
        using var given = new GivenFiles();
        IEnumerable<string> entrance = plan.Gate is { } way ? UserNetwork.Words(UserNetwork.Make(way, host.Root), given) : [];
        var filterBytes = MemoryMarshal.AsBytes(filter.AsSpan());
        var bubblewrap = Bubblewrap.Words(plan, SharedMemory(caps, containment), filterBytes, out var status, given);
        IReadOnlyList<string> words = [.. entrance, .. bubblewrap, .. request.Words];
        var wrapped = request with { Program = words[0], Words = words, Folder = "/", Descriptors = given.Descriptors };
        var started = Spawn(host.Root, CageScript.Uncaged(containment, Landlock.ScopeAbstractSockets), wrapped, gate);
        if (started.Problem is null) plan.Gate?.Start();
        return started with { StatusPipe = status };
    }

    private static CagedProgram Spawn(ThreadRoot root, CageScript cage, SpawnRequest request, Gate? gate)
    {
        using (cage)
        {
            var started = Spawner.Start(gate?.Before(request) ?? request, root, cage.Script, cage.After, CageHost.Current.Watcher.Pid);
            if (started.Problem is null && started.Errno == 0) return new CagedProgram(started.Thread, started.Child, null);
            started.Thread?.Dispose();
            return started.Problem is { } problem
                ? CagedProgram.NotStarted($"the cage cannot be made: {problem}")
                : CagedProgram.NotStarted(Describe(request, started.Errno)) with { Errno = started.Errno };
        }
    }

    private static string Describe(SpawnRequest request, int errno)
    {
        var error = Marshal.GetPInvokeErrorMessage(errno);
        return errno == Libc.ENOENT && File.Exists(request.Program)
            ? $"{request.Program}: {error}; it, or the interpreter that it names, cannot be seen in the cage: name its folder under reads"
            : $"{request.Program}: {error}";
    }
}

/// <summary>A program that was started, or why it was not.</summary>
/// <param name="Thread">Its spawning thread.</param>
/// <param name="Child">The process.</param>
/// <param name="Problem">Why nothing was started; null when it was.</param>
internal sealed record CagedProgram(SpawnThread? Thread, Spawner.Child Child, string? Problem) : IDisposable
{
    private const int MaxStatusBytes = 4096;

    /// <summary>The operating system's error of the start; null: there was none, or it was not tried.</summary>
    public int? Errno { get; init; }

    /// <summary>Where bubblewrap tells how the program ended; -1: it is not used.</summary>
    public int StatusPipe { get; init; } = -1;

    public static CagedProgram NotStarted(string problem) => new(null, default, problem);

    /// <summary>
    /// Whether the program itself ever ran, which bubblewrap's own exit code does not tell: it reports an exit code of the program only
    /// when there was one. To be asked once, after its end.
    /// </summary>
    public unsafe bool Ran(int exitCode)
    {
        if (StatusPipe < 0 || exitCode == 0) return true;
        var bytes = stackalloc byte[MaxStatusBytes];
        var length = 0;
        int read;
        while ((read = (int)Libc.Read(StatusPipe, bytes + length, (nuint)(MaxStatusBytes - length))) > 0) length += read;
        return Encoding.ASCII.GetString(bytes, length).Contains("\"exit-code\"", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Thread?.Dispose();
        if (StatusPipe >= 0) _ = Libc.Close(StatusPipe);
    }
}
