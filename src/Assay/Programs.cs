namespace Assay;

/// <summary>Programs that documents name.</summary>
internal static class Programs
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static bool IsExecutable(string path) => (File.GetUnixFileMode(path) & AnyExecute) != UnixFileMode.None;

    /// <summary>Whether a name without a slash is found in PATH.</summary>
    public static bool IsInPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, name)));
}
