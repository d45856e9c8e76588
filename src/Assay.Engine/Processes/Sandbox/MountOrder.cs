namespace Assay.Engine.Processes.Sandbox;

/// <summary>What is done at a path of a view.</summary>
internal enum MountKind
{
    Read,
    Hide,
    Write,

    /// <summary>Hidden, whatever is granted; comes last.</summary>
    Seal,
}

internal readonly record struct MountStep(string Path, MountKind Kind);

/// <summary>
/// The mounts of a plan, outer ones first, so that what lies deeper stands on top: a hidden folder in a readable one, and in that the run's own.
/// </summary>
internal static class MountOrder
{
    public static IReadOnlyList<MountStep> Of(CagePlan plan)
    {
        bool IsOpen(string path) => !plan.Sealed.Any(s => IsBelow(path, s));
        var writes = plan.Writes.Where(IsOpen).Distinct(StringComparer.Ordinal).ToList();
        var reads = plan.Reads.Where(IsOpen).Except(writes, StringComparer.Ordinal).Where(r => !SystemPaths.Holds(r) && Path.Exists(r)).ToList();
        var hides = plan.Hides.Except(writes, StringComparer.Ordinal).Except(reads, StringComparer.Ordinal)
            .Where(h => Path.Exists(h) && reads.Concat(writes).Concat(SystemPaths.Programs).Any(outer => IsBelow(h, outer)));
        return
        [
            .. reads.Select(p => new MountStep(p, MountKind.Read))
                .Concat(hides.Select(p => new MountStep(p, MountKind.Hide)))
                .Concat(writes.Select(p => new MountStep(p, MountKind.Write)))
                .Distinct()
                .OrderBy(s => s.Path.Length).ThenBy(s => s.Kind).ThenBy(s => s.Path, StringComparer.Ordinal),
            .. plan.Sealed.Where(s => Path.Exists(s) && reads.Concat(writes).Concat(SystemPaths.Programs).Any(outer => IsBelow(s, outer)))
                .Select(p => new MountStep(p, MountKind.Seal)),
        ];
    }

    /// <summary>Whether nothing but an empty place stands at a step's path.</summary>
    public static bool IsCovered(MountStep step) => step.Kind is MountKind.Hide or MountKind.Seal;

    /// <summary>Whether a path lies in a folder, or is it.</summary>
    public static bool IsBelow(string path, string folder) =>
        path == folder || folder == "/" || (path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/');
}
