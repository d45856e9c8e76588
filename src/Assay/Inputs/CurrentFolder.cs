using System.Globalization;
using Assay.Engine.Workspaces;
using Assay.Native;

namespace Assay.Inputs;

/// <summary>
/// Whether the folder in which somebody stands is meant when they say "run this here". It is, unless it holds what is never meant: a
/// system, its settings and secrets, a home with its keys, a record. Whoever does mean it names it.
/// </summary>
internal static class CurrentFolder
{
    private static readonly string[] Systems = ["/", "/home", "/media", "/mnt", "/opt", "/srv", "/tmp", "/var/tmp"];

    /// <summary>Of these, what lies below is the system's too.</summary>
    private static readonly string[] Trees = ["/boot", "/dev", "/etc", "/proc", "/run", "/sys", "/var"];

    /// <summary>The first user id that is a person's on this and most other systems.</summary>
    private const uint FirstPerson = 1000;

    private const uint Nobody = 65534;

    /// <summary>Why a folder is not shown to what runs there; null when it is.</summary>
    /// <param name="folder">An absolute path; links in it are followed.</param>
    public static string? Withheld(string folder)
    {
        var real = HostPath.Real(folder);
        if (Systems.Contains(real)) return "a folder of the system";
        if (AndAbove(real).Any(WorkspacePaths.IsWorkspace)) return "a workspace of Assay";
        var homes = Homes();
        if (homes.Any(h => real == h || IsBelow(h, real) || HostPath.AreSame(h, real))) return "a home, or above one";
        if (homes.Find(h => IsBelow(real, h)) is { } home)
        {
            return real[(home.Length + 1)..].StartsWith('.') ? "a hidden folder of a home" : null;
        }

        return !IsBelow(real, "/var/tmp") && Trees.Any(t => real == t || IsBelow(real, t)) ? "a folder of the system" : null;
    }

    /// <summary>The homes of this host's people, real. The variable stands beside what the host says, since anybody sets it.</summary>
    private static List<string> Homes()
    {
        List<string> homes = ["/root", .. Directory.Exists("/home") ? Directory.EnumerateDirectories("/home") : []];
        if (Environment.GetEnvironmentVariable("HOME") is ['/', ..] own) homes.Add(own);
        if (File.Exists("/etc/passwd")) homes.AddRange(File.ReadLines("/etc/passwd").Select(HomeOf).OfType<string>());
        return [.. homes.Select(HostPath.Real).Where(h => h.Length > 1 && Directory.Exists(h)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The home in a line of passwd(5); null for a daemon's, which is a folder such as /usr/sbin.</summary>
    private static string? HomeOf(string line)
    {
        if (line.Split(':') is not [_, _, var user, _, _, ['/', ..] home, _]) return null;
        return uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id is >= FirstPerson and < Nobody ? home : null;
    }

    private static bool IsBelow(string path, string folder) =>
        folder == "/" ? path != "/" : path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static IEnumerable<string> AndAbove(string path)
    {
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at)) yield return at;
    }
}
