using System.Globalization;
using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Containment;

/// <summary>Where cgroups lie on this host.</summary>
internal static class CgroupPaths
{
    public const string Root = "/sys/fs/cgroup";

    /// <summary>The folder of all of Assay's cgroups, below a controller (v1) or the delegated cgroup (v2).</summary>
    public const string Parent = "assay";

    /// <summary>The cgroup this process is in, for a v1 controller, or for v2 when <paramref name="controller"/> is empty; without leading slash.</summary>
    public static string Own(string controller)
    {
        foreach (var line in File.ReadLines("/proc/self/cgroup"))
        {
            var fields = line.Split(':', 3);
            if (controller.Length == 0 ? fields[0] == "0" : fields[1].Split(',').Contains(controller, StringComparer.Ordinal))
            {
                return fields[2].TrimStart('/');
            }
        }

        return "";
    }

    public static IReadOnlyCollection<int> Members(string path)
    {
        using var control = ControlFile.TryOpen(Path.Combine(path, "cgroup.procs"), Libc.O_RDONLY);
        var text = control?.ReadText() ?? "";
        return text.Length == 0 ? [] : [.. ParsePids(text)];
    }

    /// <summary>Ids, one a line. 0 stands for a process of another pid namespace, which we cannot name.</summary>
    private static IEnumerable<int> ParsePids(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => int.Parse(l, CultureInfo.InvariantCulture)).Where(p => p > 0);

    /// <summary>The cgroups below a folder that engines made which are gone.</summary>
    public static IReadOnlyList<string> Stale(string parent)
    {
        try
        {
            return !Directory.Exists(parent) ? [] : [.. Directory.EnumerateDirectories(parent).Where(p => IsStale(Path.GetFileName(p)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Only an engine of this pid namespace can be known to be gone: the ids of another mean nothing here.</summary>
    private static bool IsStale(string name) =>
        name.Split('-') is [_, _, var pids, ..] && pids == ProcFs.PidNamespace && ProcessIdentity.FromName(name) is { } owner && !owner.IsAlive();

    public static bool TryWrite(string file, string text)
    {
        using var control = ControlFile.TryOpen(file, Libc.O_WRONLY);
        return control?.TryWrite(System.Text.Encoding.ASCII.GetBytes(text)) ?? false;
    }

    /// <summary>Removes an empty cgroup; one that is in use stays for the next engine to end.</summary>
    public static void Remove(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, or gone already.
        }
    }
}
