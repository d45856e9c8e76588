namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// The rules of a run without a view. Landlock grants whole hierarchies, so what is hidden is left out by granting what lies beside it.
/// </summary>
internal static class HostRules
{
    private const int MaxEntries = 10_000;

    /// <summary>All that a run may reach of the host.</summary>
    /// <exception cref="IOException">
    /// The kernel refused, something is hidden among too many entries, or in what may be changed.
    /// </exception>
    public static void Grant(int ruleset, CagePlan plan)
    {
        Reading(ruleset, plan);
        foreach (var path in SystemPaths.Devices) Landlock.Grant(ruleset, path, Landlock.OfDevices);
        Landlock.Grant(ruleset, "/proc", Landlock.Reading);
        foreach (var path in plan.Writes.Where(p => IsOpen(plan, p)))
        {
            if (Inside(Hidden(plan), path).FirstOrDefault() is { } kept)
            {
                const string advice = "choose a --workspace elsewhere, or what lies beside it";
                throw new IOException($"{path} cannot be opened for writing here without opening {kept} in it: {advice}");
            }

            Landlock.Grant(ruleset, path, Landlock.Writing);
        }
    }

    /// <summary>
    /// What may be read, around what is hidden in it: a mount over a hidden path belongs to the file that was there, not to its name, and
    /// another one may be put there while the run goes on. False when nothing is hidden in what is readable, or it lies among too many
    /// others.
    /// </summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static bool TryGrantAround(int ruleset, CagePlan plan)
    {
        if (!plan.Reads.Concat(SystemPaths.Programs).Any(read => Inside(Hidden(plan), read).Any(Path.Exists))) return false;
        try
        {
            Reading(ruleset, plan);
            return true;
        }
        catch (TooManyEntriesException)
        {
            return false;
        }
    }

    private static void Reading(int ruleset, CagePlan plan)
    {
        var hides = Hidden(plan);

        // A link into another of them would grant what is hidden there.
        var programs = SystemPaths.Programs.Where(p => Path.Exists(p) && new FileInfo(p).LinkTarget is null);
        foreach (var path in programs) Except(ruleset, path, Landlock.Reading, [.. Inside(hides, path)]);
        foreach (var path in SystemPaths.Etc()) Except(ruleset, path, Landlock.Reading, hides);
        foreach (var path in SystemPaths.Hardware) Landlock.Grant(ruleset, path, Landlock.Reading);
        foreach (var path in plan.Reads.Where(p => IsOpen(plan, p))) Except(ruleset, path, Landlock.Reading, [.. Inside(hides, path)]);
    }

    private static List<string> Hidden(CagePlan plan) => [.. plan.Hides, .. plan.Sealed];

    private static bool IsOpen(CagePlan plan, string path) => !plan.Hides.Contains(path) && !plan.Sealed.Any(s => MountOrder.IsBelow(path, s));

    /// <summary>
    /// What is hidden deeper in a granted path. A grant inside of something hidden stands, since it is the narrower word.
    /// </summary>
    private static IEnumerable<string> Inside(IEnumerable<string> hides, string path) => hides.Where(h => h != path && MountOrder.IsBelow(h, path));

    private static void Except(int ruleset, string path, ulong rights, IReadOnlyCollection<string> hides)
    {
        if (hides.Any(h => MountOrder.IsBelow(path, h))) return;
        if (!hides.Any(h => MountOrder.IsBelow(h, path)))
        {
            Landlock.Grant(ruleset, path, rights);
            return;
        }

        // Names show, as everywhere without a view; what lies under the hidden ones does not.
        Landlock.Grant(ruleset, path, Landlock.ReadFolder);
        var entries = 0;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
        {
            if (++entries > MaxEntries)
            {
                throw new TooManyEntriesException($"{path} holds something hidden among more than {MaxEntries} entries: name what is readable in it");
            }

            // What a link leads to would be granted, wherever it is.
            if (new FileInfo(entry).LinkTarget is null) Except(ruleset, entry, rights, hides);
        }
    }

    private sealed class TooManyEntriesException(string message) : IOException(message);
}
