using Assay.Kernel.Effects;

namespace Assay.Engine.Processes.Sandbox;

/// <summary>Builds the bubblewrap command line for a sandbox level.</summary>
internal static class Bubblewrap
{
    /// <summary>Names the isolation in the evidence.</summary>
    public const string Name = "bubblewrap";

    /// <summary>The program's path, or null when it is not installed.</summary>
    public static string? Find() => ProgramPath.Find("bwrap", Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin");

    /// <summary>
    /// Words that go before the command: a read-only root, a private /tmp, the hidden folders empty, and only its own folders writable. The process
    /// sees no other process, and dies with the engine.
    /// </summary>
    /// <param name="bwrap">The program.</param>
    /// <param name="level">Confined or strict.</param>
    /// <param name="writable">The folders that may be written; the last is the working folder.</param>
    /// <param name="hidden">Folders that must not be seen: the workspace with ledger and keys, and the artifacts of other runs.</param>
    /// <param name="visible">Folders that stay readable even below /tmp: where the program lies.</param>
    /// <param name="readable">Files and folders that stay readable even below a hidden one.</param>
    public static IReadOnlyList<string> Words(
        string bwrap, SandboxLevel level, IReadOnlyList<string> writable, IEnumerable<string> hidden, IEnumerable<string> visible, IEnumerable<string> readable)
    {
        List<string> words =
        [
            bwrap, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
            "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL",
        ];
        if (level == SandboxLevel.Strict) words.Add("--unshare-net");
        foreach (var folder in visible) words.AddRange(["--ro-bind", folder, folder]);
        foreach (var folder in hidden) words.AddRange(["--tmpfs", folder]);
        foreach (var path in readable) words.AddRange(["--ro-bind", path, path]);
        foreach (var folder in writable.Distinct(StringComparer.Ordinal)) words.AddRange(["--bind", folder, folder]);
        words.AddRange(["--chdir", writable[^1], "--"]);
        return words;
    }
}
