namespace Assay.Host;

/// <summary>How many files, sockets and pipes this process may hold open (proc_pid_limits(5)).</summary>
internal static class OpenFiles
{
    /// <summary>What is in force, and what it could be raised to.</summary>
    public static (long Soft, long Hard) Limits()
    {
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var numbers = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..5].Select(n => long.TryParse(n, out var number) ? number : long.MaxValue).ToArray();
        return (numbers[0], numbers[1]);
    }
}
