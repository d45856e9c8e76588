namespace Assay.Engine.Native;

/// <summary>Finds programs as execvp does.</summary>
internal static class ProgramPath
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The absolute path of a program, or null. A name with a slash is taken as it is.</summary>
    public static string? Find(string name, string path)
    {
        if (name.Contains('/', StringComparison.Ordinal)) return name;
        foreach (var folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var candidate = Path.Combine(folder, name);
            if (File.Exists(candidate) && (File.GetUnixFileMode(candidate) & AnyExecute) != UnixFileMode.None) return candidate;
        }

        return null;
    }

    /// <summary>Whether a file may be executed by anybody at all.</summary>
    public static bool IsExecutable(string path) => File.Exists(path) && (File.GetUnixFileMode(path) & AnyExecute) != UnixFileMode.None;
}
