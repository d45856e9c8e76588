using System.Diagnostics;
using System.Text;

namespace Assay.Tests;

/// <summary>The built command line, run as a user runs it.</summary>
internal static class AssayProgram
{
    private static readonly Lazy<string> Built = new(static () =>
    {
        var script = Path.Combine(SharedData.RepositoryRoot, "assay");
        var version = RunAsync(script, ["--version"], null, null, TimeSpan.FromMinutes(5)).GetAwaiter().GetResult();
        Assert.True(version.ExitCode == 0, $"./assay cannot be built: {version.Error}");
        return Path.Combine(SharedData.RepositoryRoot, "artifacts", "assay", "assay");
    });

    /// <summary>The program that ./assay starts, built from the present sources.</summary>
    public static string Program => Built.Value;

    public static Task<ProgramResult> RunAsync(string folder, params string[] arguments) => RunAsync(Program, arguments, folder, null, TimeSpan.FromMinutes(2));

    public static async Task<ProgramResult> RunAsync(
        string program, IReadOnlyList<string> arguments, string? folder, IReadOnlyDictionary<string, string>? environment, TimeSpan patience)
    {
        using var process = Start(program, arguments, folder, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(patience);
        await process.WaitForExitAsync(deadline.Token);
        return new ProgramResult(process.ExitCode, await output, await error);
    }

    /// <summary>Asks it to end as a service manager does. The shell's own <c>kill</c>: the program of that name is in a package.</summary>
    public static void Terminate(Process process)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -TERM {process.Id}"]);
        kill.WaitForExit();
    }

    public static Process Start(string program, IReadOnlyList<string> arguments, string? folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? "",
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal)) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

internal sealed record ProgramResult(int ExitCode, string Output, string Error);
