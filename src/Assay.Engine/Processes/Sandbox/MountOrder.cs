namespace Assay.Engine.Processes.Sandbox;

/// <summary>What is done at a path of a view.</summary>
internal enum MountKind
{
    Read,
    Hide,
    Write,
}

internal readonly record struct MountStep(string Path, MountKind Kind);

/// <summary>
/// The mounts of a plan, outer ones first, so that what lies deeper stands on top: a hidden folder in a readable one, and in that the run's own.
/// </summary>
internal static class MountOrder
{
    public static IReadOnlyList<MountStep> Of(CagePlan plan)
    {
        var writes = plan.Writes.Distinct(StringComparer.Ordinal).ToList();
        var reads = plan.Reads.Except(writes, StringComparer.Ordinal).Where(r => !SystemPaths.Holds(r) && Path.Exists(r)).ToList();
        var hides = plan.Hides.Except(writes, StringComparer.Ordinal).Except(reads, StringComparer.Ordinal)
            .Where(h => Path.Exists(h) && reads.Concat(writes).Concat(SystemPaths.Programs).Any(outer => IsBelow(h, outer)));
        return
        [
            .. reads.Select(p => new MountStep(p, MountKind.Read))
                .Concat(hides.Select(p => new MountStep(p, MountKind.Hide)))
                .Concat(writes.Select(p => new MountStep(p, MountKind.Write)))
                .Distinct()
                .OrderBy(s => s.Path.Length).ThenBy(s => s.Kind).ThenBy(s => s.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>Whether a path lies in a folder, or is it.</summary>
    public static bool IsBelow(string path, string folder) =>
        path == folder || folder == "/" || (path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/');
}
