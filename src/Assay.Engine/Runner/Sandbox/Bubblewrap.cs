using System.Diagnostics;
using System.Globalization;
using System.Text;
using Assay.Engine.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// The bubblewrap command line for a plan: for users, whom the kernel lets make a view only inside a user namespace of its own.
/// </summary>
internal static class Bubblewrap
{
    private static readonly Lazy<(string Version, string? Problem)> Probed = new(Probe);

    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? Problem => Probed.Value.Problem;

    public static string Version => Probed.Value.Version;

    /// <summary>Words that go before the command. The program sees no other process, and dies with the thread that started it.</summary>
    /// <param name="plan">What the run may reach.</param>
    /// <param name="sharedMemoryBytes">The most that each of its file systems in memory may hold.</param>
    /// <param name="filter">The seccomp filter.</param>
    /// <param name="status">Where it tells how the program ended.</param>
    /// <param name="given">What it is given.</param>
    public static IReadOnlyList<string> Words(
        CagePlan plan, long sharedMemoryBytes, ReadOnlySpan<byte> filter, out int status, GivenFiles given)
    {
        var size = sharedMemoryBytes.ToString(CultureInfo.InvariantCulture);
        List<string> words =
        [
            Find()!, "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL",
            "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--size", size, "--tmpfs", "/dev/shm", "--size", size, "--tmpfs", "/tmp",
            "--dir", "/run", "--dir", "/var", "--dir", "/home", "--dir", "/root",
        ];
        if (!plan.HasNetwork && plan.Gate is null) words.Add("--unshare-net");
        foreach (var programs in SystemPaths.Programs)
        {
            if (new FileInfo(programs).LinkTarget is { } target) words.AddRange(["--symlink", target, programs]);
            else if (Directory.Exists(programs)) words.AddRange(["--ro-bind", programs, programs]);
        }

        (string Path, string Text)[] names = plan.Gate is null ? [] : [.. ViewRoot.OfGate.Select(n => (n.Path, n.Text))];
        var settings = SystemPaths.Etc().Except(names.Select(n => n.Path), StringComparer.Ordinal);
        foreach (var path in settings.Concat(SystemPaths.Hardware)) words.AddRange(["--ro-bind-try", path, path]);
        foreach (var (path, text) in names) words.AddRange(["--ro-bind-data", $"{given.Give(Encoding.ASCII.GetBytes(text))}", path]);
        var steps = MountOrder.Of(plan);
        foreach (var step in steps) words.AddRange(Step(step));
        var missing = plan.Aliases.Where(a => !SystemPaths.Holds(a.Name) && !steps.Any(s => MountOrder.IsBelow(a.Name, s.Path)));
        foreach (var (name, real) in missing) words.AddRange(["--symlink", real, name]);
        var covered = steps.Where(s => MountOrder.IsCovered(s) && Directory.Exists(s.Path));
        foreach (var step in covered) words.AddRange(["--remount-ro", step.Path]);
        words.AddRange(["--remount-ro", "/", "--chdir", plan.WorkFolder]);
        words.AddRange(["--seccomp", $"{given.Give(filter)}", "--json-status-fd", $"{given.GivePipe(out status)}", "--"]);
        return words;
    }

    private static IEnumerable<string> Step(MountStep step) => step.Kind switch
    {
        MountKind.Read => ["--ro-bind", step.Path, step.Path],
        MountKind.Write => ["--bind", step.Path, step.Path],
        _ when Directory.Exists(step.Path) => ["--tmpfs", step.Path],
        _ => ["--ro-bind", "/dev/null", step.Path],
    };

    private static string? Find() => ProgramPath.Find("bwrap", "/usr/local/bin:/usr/bin:/bin");

    /// <summary>Starts it once.</summary>
    private static (string Version, string? Problem) Probe()
    {
        if (Find() is not { } bwrap) return ("none", "bubblewrap is not installed: apt-get install bubblewrap");
        var (_, version, _) = Try(bwrap, "--version");
        var (code, _, error) = Try(
            bwrap, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-net", "--unshare-pid", "--die-with-parent", "--", "/bin/true");
        return (version.Trim(), code == 0 ? null : $"bubblewrap cannot isolate here: {error.Trim()}");
    }

    private static (int Code, string Output, string Error) Try(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
