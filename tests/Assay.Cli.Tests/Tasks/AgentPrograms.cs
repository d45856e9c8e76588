using System.Diagnostics;

namespace Assay.Tests.Tasks;

/// <summary>The real agents from npm, installed once by <c>eng/agents</c>.</summary>
internal static class AgentPrograms
{
    private static readonly Lazy<string?> Problem = new(Install);

    /// <summary>Why they cannot be had here; null when they can.</summary>
    public static string? Missing => Problem.Value;

    public static string Path(string program) => System.IO.Path.Combine(SharedData.RepositoryRoot, "artifacts", "agents", "node_modules", ".bin", program);

    private static string? Install()
    {
        if (!File.Exists("/usr/bin/node") && !File.Exists("/usr/local/bin/node")) return "there is no node for the agents";
        using var install = Process.Start(new ProcessStartInfo(System.IO.Path.Combine(SharedData.RepositoryRoot, "eng", "agents"))
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var error = install.StandardError.ReadToEnd();
        install.WaitForExit();
        return install.ExitCode == 0 ? null : $"eng/agents: {error.Trim().Split('\n')[^1]}";
    }
}
