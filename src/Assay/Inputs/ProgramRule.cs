using Assay.Kernel.Effects;

namespace Assay.Inputs;

/// <summary>Checks the programs and files that a document names, and pins what lies beside it as it is now.</summary>
/// <param name="plan">The document's folder, which none of them may leave.</param>
/// <param name="folder">Where relative names start from.</param>
/// <param name="refuse">Takes what is wrong.</param>
internal sealed class ProgramRule(PlanFolder plan, string folder, InputRefusal refuse)
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Whether a name without a slash is found in PATH.</summary>
    public static bool IsInPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, name)));

    /// <summary>
    /// Why a program is none of the system: neither a name found in PATH nor the absolute path of one. Null when it is one, and for a
    /// relative path, which is looked for only when it is started.
    /// </summary>
    public static string? Missing(string name)
    {
        if (name.Length == 0) return "an empty name names no program";
        if (!name.Contains('/', StringComparison.Ordinal)) return IsInPath(name) ? null : $"{name} is not in PATH: install it";
        if (name[0] != '/') return null;
        if (!File.Exists(name)) return Directory.Exists(name) ? $"{name} is a folder" : $"{name} does not exist";
        return (File.GetUnixFileMode(name) & AnyExecute) == UnixFileMode.None ? $"{name} is not executable" : null;
    }

    /// <summary>
    /// The program of a command: pinned when it is a path from the document's folder, else looked for on this host. Null when it is none of
    /// the document's, or was refused.
    /// </summary>
    /// <param name="name">As the document names it.</param>
    /// <param name="pointer">Where it stands.</param>
    public PinnedFile? Bind(string name, string pointer)
    {
        if (!name.StartsWith('/') && name.Contains('/', StringComparison.Ordinal)) return PinProgram(name, pointer);
        CheckInstalled(name, pointer);
        return null;
    }

    /// <summary>Refuses a program of the system that is not there (<see cref="Missing"/>).</summary>
    public void CheckInstalled(string name, string pointer)
    {
        if (Missing(name) is not { } missing) return;
        var isName = name.Length > 0 && name[0] != '/';
        refuse(pointer, "program", isName ? $"{missing}, or name its path: ./program is one beside this file" : missing);
    }

    /// <summary>A program beside the document; null when it cannot be run.</summary>
    /// <param name="name">As the document names it.</param>
    /// <param name="pointer">Where it stands.</param>
    public PinnedFile? PinProgram(string name, string pointer)
    {
        if (Resolve(name, pointer, "program") is not { } path) return null;
        if ((File.GetUnixFileMode(path) & AnyExecute) != UnixFileMode.None) return Pin(path, name, pointer);
        refuse(pointer, "program", $"{name} is not executable: chmod +x it");
        return null;
    }

    /// <summary>A file beside the document; null when there is none.</summary>
    public PinnedFile? PinFile(string name, string pointer) => Resolve(name, pointer, "path") is { } path ? Pin(path, name, pointer) : null;

    private PinnedFile? Pin(string path, string name, string pointer)
    {
        if (DocumentFile.Pin(path, out var problem) is { } pinned) return pinned;
        refuse(pointer, "file", $"{name} {problem}");
        return null;
    }

    private string? Resolve(string name, string pointer, string rule)
    {
        if (plan.Resolve(folder, name, out var problem) is { } path) return path;
        refuse(pointer, rule, $"{name} {problem}");
        return null;
    }
}
