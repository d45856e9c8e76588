using Assay.Engine.Native;
using Assay.Kernel.Effects;

namespace Assay.Engine.Runner.Containment;

/// <summary>
/// A cgroup around work that nothing keeps from leaving it, since it may write wherever its user may. So its caps are not the kernel's
/// alone: whoever left is looked for in /proc and counted too.
/// </summary>
internal sealed class EscapableCgroup(IContainment cgroup, ProcessTree tree) : IContainment
{
    public string Handle => cgroup.Handle;

    public IReadOnlyList<int> Joins => cgroup.Joins;

    public IReadOnlyList<int> Leaves => cgroup.Leaves;

    public bool NeedsGate => cgroup.NeedsGate;

    /// <summary>The cgroup, which is lent again.</summary>
    public IContainment Cgroup => cgroup;

    public string Kind => cgroup.Kind;

    public bool HasOthers(int pid) => cgroup.HasOthers(pid) || tree.HasOrphans();

    public IReadOnlyCollection<int> Members(int pid) => [.. cgroup.Members(pid).Union(tree.Members(pid))];

    public bool CanHold(long? memoryBytes) => Cgroup.CanHold(memoryBytes);

    public void Prepare(ProcessCaps caps)
    {
        cgroup.Prepare(caps);
        tree.Prepare(caps);
    }

    public void Started(int pid, ProcessCaps caps, SpawnThread thread)
    {
        cgroup.Started(pid, caps, thread);
        tree.Started(pid, caps, thread);
    }

    public Usage Sample(int pid)
    {
        var (inside, all) = (cgroup.Sample(pid), tree.Sample(pid));
        return new Usage(
            Math.Max(inside.RssBytes, all.RssBytes), Math.Max(inside.CpuMicroseconds, all.CpuMicroseconds), inside.OomKills,
            inside.ProcessCount + tree.Members(pid).Except(cgroup.Members(pid)).Count(HasLeft));
    }

    /// <summary>Whether a living process is elsewhere: a list of /proc is not of one moment, so the kernel is asked about each.</summary>
    private bool HasLeft(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/cgroup").Contains(Folder, StringComparison.Ordinal) && ProcFs.Read(pid) is { State: not ('Z' or 'X') };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The last part of the cgroup's path, which no other has.</summary>
    private string Folder => Path.GetFileName(Handle);

    public Totals Total() => cgroup.Total();

    public IReadOnlyCollection<int> KillAll(int pid) => [.. cgroup.KillAll(pid).Union(tree.KillAll(pid))];

    public CapInForce Memory(long? limit) => Polled(cgroup.Memory(limit));

    public CapInForce Processes(int? limit) => Polled(cgroup.Processes(limit));

    public CapInForce CpuTime(long? limitMs) => cgroup.CpuTime(limitMs);

    public void Dispose() => cgroup.Dispose();

    private static CapInForce Polled(CapInForce cap) => cap.Enforcement == Enforcement.Kernel
        ? cap with { Enforcement = Enforcement.Polled, Mechanism = cap.Mechanism + ", which uncaged work can leave, and proc:tree" }
        : cap;
}
