using System.Diagnostics;

namespace Assay.Bench;

/// <summary>From nothing to an answer on the command line.</summary>
internal static class StartupBench
{
    private const int Rounds = 20;

    public static async Task RunAsync(Report report, string folder)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "../../../assay/assay");
        report.Table("Start-up", "ms");
        report.Row("/bin/true", await MeasureAsync("/bin/true"));
        report.Row("python3 -c pass", await MeasureAsync("python3", "-c", "pass"));
        report.Row("assay --version", await MeasureAsync(program, "--version"));
        report.Row("assay epoch list (empty workspace)", await MeasureAsync(program, "epoch", "list", "--workspace", folder));
    }

    private static async Task<double> MeasureAsync(string program, params string[] arguments)
    {
        var watch = new Stopwatch();
        for (var i = -2; i < Rounds; i++)
        {
            if (i == 0) watch.Start();
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            await process.WaitForExitAsync();
        }

        return watch.Elapsed.TotalMilliseconds / Rounds;
    }
}
