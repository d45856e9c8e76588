using Assay.Engine.Runner.Containment;
using Assay.Kernel.Effects;

namespace Assay.Tests.Runner.Sandbox;

/// <summary>The cage stays with the threads that spawn: after many runs no other thread of this process has any of it.</summary>
public sealed class SpawningThreadTests
{
    private const int Runs = 1000;

    [Fact]
    public async Task After_a_thousand_runs_no_thread_of_the_engine_is_caged()
    {
        await using var harness = await ProcessHarness.OpenAsync(ContainmentPool.Detect());
        for (var i = 0; i < Runs; i++)
        {
            var (outcome, _) = await harness.RunAsync("exit 0", change: e => e with { Command = ["/bin/true"], Sandbox = SandboxLevel.Strict });
            Assert.True(outcome is { ExitCode: 0, StartError: null }, outcome.ToString());
        }

        // Ordinary code that needs what it has not needed before goes on as if nothing had been.
        Assert.NotEmpty(System.Xml.Linq.XDocument.Parse("<a/>").ToString());
        var main = Facts("/proc/self");
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task").Where(t => !IsOurs(t))) Assert.Equal(main, Facts(task));
    }

    private static bool IsOurs(string task) => File.ReadAllText(task + "/comm").StartsWith("assay-", StringComparison.Ordinal);

    /// <summary>All of a cage that a thread can have.</summary>
    private static string Facts(string task)
    {
        var status = File.ReadAllLines(task + "/status").Where(l => l.StartsWith("Cap", StringComparison.Ordinal) || l.StartsWith("NoNewPrivs", StringComparison.Ordinal) || l.StartsWith("Seccomp", StringComparison.Ordinal));
        var namespaces = new[] { "mnt", "net", "ipc", "uts" }.Select(n => new FileInfo($"{task}/ns/{n}").LinkTarget);
        return string.Join('\n', status.Concat(namespaces!));
    }
}
