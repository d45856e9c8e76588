using Assay.Engine.Runner.Containment;

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
