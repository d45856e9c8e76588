namespace Assay.Epochs;

/// <summary>
/// Whether the folder in which somebody stands is meant when they say "run this here". It is, unless it holds what is never meant: a whole system, its settings
/// and secrets, or a home with its keys. Whoever does mean it names it.
/// </summary>
internal static class CurrentFolder
{
    private static readonly string[] Systems = ["/", "/boot", "/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/var"];

    /// <summary>Of these, what lies below is the system's too.</summary>
    private static readonly string[] Trees = ["/boot", "/dev", "/etc", "/proc", "/run", "/sys"];

    /// <summary>Why a folder is not shown to what runs there; null when it is.</summary>
    /// <param name="folder">An absolute path; links in it are followed.</param>
    public static string? Withheld(string folder)
    {
        var real = PlanFolder.Real(folder);
        if (Systems.Contains(real, StringComparer.Ordinal) || Trees.Any(t => real.StartsWith(t + "/", StringComparison.Ordinal))) return "a folder of the system";
        var home = PlanFolder.Real(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        return real == home || home.StartsWith(real + "/", StringComparison.Ordinal) || Path.GetDirectoryName(real) == "/home" ? "a home" : null;
    }
}
