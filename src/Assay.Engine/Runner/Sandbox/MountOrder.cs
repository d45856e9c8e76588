namespace Assay.Engine.Runner.Sandbox;

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
/// The mounts of a plan, outer ones first, so that what lies deeper stands on top: a hidden folder in a readable one, and in that the
/// run's own.
/// </summary>
internal static class MountOrder
{
    public static IReadOnlyList<MountStep> Of(CagePlan plan)
    {
        bool IsOpen(string path) => !plan.Sealed.Any(s => IsBelow(path, s));
        var writes = plan.Writes.Where(IsOpen).Except(plan.Hides, StringComparer.Ordinal).Distinct(StringComparer.Ordinal).ToList();
        var reads = plan.Reads.Where(IsOpen).Except(plan.Hides, StringComparer.Ordinal).Except(writes, StringComparer.Ordinal)
            .Where(r => !SystemPaths.Holds(r) && Path.Exists(r)).ToList();
        var outer = reads.Concat(writes).Concat(SystemPaths.Programs).Concat(SystemPaths.Etc()).ToList();
        var hides = plan.Hides.Where(h => Path.Exists(h) && outer.Exists(o => IsBelow(h, o)));
        List<MountStep> steps =
        [
            .. reads.Select(p => new MountStep(p, MountKind.Read))
                .Concat(hides.Select(p => new MountStep(p, MountKind.Hide)))
                .Concat(writes.Select(p => new MountStep(p, MountKind.Write)))
                .Distinct()
                .OrderBy(s => s.Path.Length).ThenBy(s => s.Kind).ThenBy(s => s.Path, StringComparer.Ordinal),
        ];
        var seals = plan.Sealed.Where(s => Path.Exists(s) && outer.Exists(o => IsBelow(s, o)) && !IsHiddenAlready(s, steps));
        return [.. steps, .. seals.Select(p => new MountStep(p, MountKind.Seal))];
    }

    /// <summary>The last step that a path lies in decides what is seen there.</summary>
    private static bool IsHiddenAlready(string path, List<MountStep> steps) =>
        steps.FindLastIndex(s => IsBelow(path, s.Path)) is >= 0 and var last && steps[last].Kind == MountKind.Hide;

    /// <summary>Whether nothing but an empty place stands at a step's path.</summary>
    public static bool IsCovered(MountStep step) => step.Kind is MountKind.Hide or MountKind.Seal;

    /// <summary>Whether a path lies in a folder, or is it.</summary>
    public static bool IsBelow(string path, string folder) =>
        path == folder || folder == "/" || (path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/');
}
