using System.Diagnostics;

namespace Assay.Bench;

/// <summary>What others take.</summary>
internal static class Peer
{
    /// <summary>Milliseconds for each job of a shell command.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<double> RunAsync(string shell, int jobs)
    {
        var watch = Stopwatch.StartNew();
        var start = new ProcessStartInfo("/bin/sh", ["-c", shell]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? watch.Elapsed.TotalMilliseconds / jobs : throw new InvalidOperationException($"{shell}: {error}");
    }
}
