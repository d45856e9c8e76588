using System.Diagnostics;
using Assay.Engine.Processes.Containment;
using Assay.Engine.Processes.Native;
using Assay.Engine.Processes.Sandbox;

namespace Assay.Engine;

/// <summary>What this host can enforce for this user.</summary>
public sealed record HostCapabilities
{
    private static readonly Lazy<HostCapabilities> Detected = new(Look);

    public required ContainmentMode Containment { get; init; }

    /// <summary>Why nothing can be isolated here; null when bubblewrap works.</summary>
    public required string? SandboxProblem { get; init; }

    public required string SandboxVersion { get; init; }

    public required bool IsRoot { get; init; }

    public bool SandboxWorks => SandboxProblem is null;

    /// <summary>Whether the kernel itself enforces the caps on memory and on the number of processes.</summary>
    public bool KernelCaps => Containment != ContainmentMode.ProcessTree;

    /// <summary>Looks at the host once for this process, starting one program in the sandbox to see that it works.</summary>
    public static HostCapabilities Detect() => Detected.Value;

    private static HostCapabilities Look()
    {
        var (version, problem) = ProbeSandbox();
        return new HostCapabilities
        {
            Containment = ContainmentPool.Detect(),
            SandboxProblem = problem,
            SandboxVersion = version,
            IsRoot = Libc.GetEUid() == 0,
        };
    }

    private static (string Version, string? Problem) ProbeSandbox()
    {
        if (Bubblewrap.Find() is not { } bwrap) return ("none", "bubblewrap is not installed: apt-get install bubblewrap");
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
