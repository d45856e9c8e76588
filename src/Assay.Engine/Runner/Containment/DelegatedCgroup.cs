namespace Assay.Engine.Runner.Containment;

/// <summary>Finds a cgroup v2 folder in which this user may create cgroups with memory and pids limits.</summary>
internal static class DelegatedCgroup
{
    private const string Controllers = "+memory +pids +cpu";

    /// <summary>The folder below which cgroups are made, or null. Below our own cgroup first: that is what a service manager delegates.</summary>
    public static string? Find() => Prepare(Path.Combine(CgroupPaths.Root, CgroupPaths.Own(""))) ?? Prepare(CgroupPaths.Root);

    /// <summary>Where cgroups may have been made, without making any.</summary>
    public static IEnumerable<string> Parents() =>
        new[] { Path.Combine(CgroupPaths.Root, CgroupPaths.Own("")), CgroupPaths.Root }.Select(above => Path.Combine(above, CgroupPaths.Parent)).Distinct(StringComparer.Ordinal);

    private static string? Prepare(string above)
    {
        try
        {
            var offered = Path.Combine(above, "cgroup.controllers");
            if (!File.Exists(offered) || !File.ReadAllText(offered).Contains("memory", StringComparison.Ordinal)) return null;
            if (!Enable(above))
            {
                // A cgroup with processes in it cannot share out its controllers (no internal processes): step aside into a leaf of it.
                var leaf = Path.Combine(above, CgroupPaths.Parent + "-engine");
                Directory.CreateDirectory(leaf);
                CgroupPaths.TryWrite(Path.Combine(leaf, "cgroup.procs"), "0");
                if (!Enable(above)) return null;
            }

            var parent = Path.Combine(above, CgroupPaths.Parent);
            Directory.CreateDirectory(parent);
            return Enable(parent) ? parent : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Enable(string folder)
    {
        var control = Path.Combine(folder, "cgroup.subtree_control");
        CgroupPaths.TryWrite(control, Controllers);
        var enabled = File.ReadAllText(control);
        return enabled.Contains("memory", StringComparison.Ordinal) && enabled.Contains("pids", StringComparison.Ordinal);
    }
}
