using Assay.Engine.Processes.Containment;
using Assay.Engine.Processes.Native;

namespace Assay.Engine.Workspaces;

/// <summary>
/// Ends what engines that are gone left running. Where the kernel keeps domains, their watcher has done so at once; elsewhere the next command of any
/// kind does it here.
/// </summary>
internal static class Sweep
{
    /// <summary>Looks at the cgroups of this host and at the attempts of one workspace. What cannot be looked at is left to the next.</summary>
    public static void Run(string workspaceRoot)
    {
        CgroupV1.EndStale();
        CgroupV2.EndStale();
        foreach (var traces in AttemptMarkers.ReadAll(WorkspacePaths.Attempts(workspaceRoot)))
        {
            if (traces.Owner is { } owner && !owner.IsAlive()) ContainmentPool.End(traces.Containment);
        }
    }
}

/// <summary>A process that cannot be mistaken for another one with the same id.</summary>
internal sealed record ProcessIdentity(int Pid, long StartTicks)
{
    public static ProcessIdentity Own { get; } = new(Environment.ProcessId, ProcFs.Read(Environment.ProcessId)?.StartTicks ?? 0);

    public bool IsAlive() => ProcFs.Read(Pid) is { } found && found.StartTicks == StartTicks && found.State != 'Z';

    /// <summary>The identity at the beginning of the name of what a process made: <c>PID-START-…</c>; null when there is none.</summary>
    public static ProcessIdentity? FromName(string name)
    {
        var parts = name.Split('-', '.');
        return parts.Length > 2 && int.TryParse(parts[0], out var pid) && long.TryParse(parts[1], out var start) ? new ProcessIdentity(pid, start) : null;
    }
}
