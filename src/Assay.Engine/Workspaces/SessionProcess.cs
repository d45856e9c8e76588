using Assay.Engine.Native;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>The process behind a session.</summary>
public static class SessionProcess
{
    /// <summary>The kernel's id of this boot.</summary>
    public static string BootId { get; } = ProcFs.BootId();

    /// <summary>Whether it is, or was, a process of this host since it was started.</summary>
    public static bool IsOfThisBoot(WorkerSession session) => session.Host == Environment.MachineName && session.BootId == BootId;

    /// <summary>Whether it can be proved that a session's process is gone: same host, and another boot or no such process.</summary>
    public static bool IsGone(WorkerSession session)
    {
        if (session.Host != Environment.MachineName) return false;
        if (!IsOfThisBoot(session)) return true;
        return ProcFs.Read(session.ProcessId) is not { } found || found.StartTicks != session.StartTicks || found.State == 'Z';
    }
}
