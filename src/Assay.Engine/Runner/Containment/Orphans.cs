using Assay.Engine.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>Processes that were left to this one as subreaper: what runs started and did not wait for.</summary>
internal static class Orphans
{
    private static readonly int OwnSession = ProcFs.Read(Environment.ProcessId)?.Session ?? 0;

    /// <summary>Those that are still alive; the others' exit status is collected on the way.</summary>
    public static IReadOnlyList<int> Collect()
    {
        List<int> alive = [];
        foreach (var pid in ProcFs.Adopted())
        {
            // What this program's own code started shares its session; what a run started never does.
            if (OwnChildren.Contains(pid) || ProcFs.Read(pid) is not { } found || found.Session == OwnSession) continue;
            if (found.State == 'Z') KillLoop.Reap([pid]);
            else alive.Add(pid);
        }

        return alive;
    }
}
