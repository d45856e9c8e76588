using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Tests.Cage;

/// <summary>kill -9 of the engine, at any instant and with everything running: soon nothing of it is left, with cgroups and without.</summary>
public sealed class EngineEndTests
{
    private static readonly int Kills = CrashRounds.Of(28);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Forks on, leaves daemons without session or environment, ignores what can be ignored.</summary>
    private const string Load =
        "use POSIX (); $SIG{TERM} = 'IGNORE'; for (1 .. 8) { next if fork; POSIX::setsid(); exit if fork; $SIG{HUP} = 'IGNORE'; %ENV = (); "
        + "exec { '/bin/sleep' } $ARGV[0], '300' } sleep 300";

    [Fact]
    public async Task Nothing_outlives_an_engine_that_is_killed()
    {
        if (CageHosts.Missing(CageHosts.User) is { } missing) Assert.Skip(missing);
        using var program = new PublicProgram();
        var random = new Random(20261124);
        string[] hosts = [CageHosts.Root, CageHosts.RootWithoutCgroups, CageHosts.User, CageHosts.RootWithoutSysAdmin];
        var kills = Enumerable.Range(0, Kills).Select(i => (Host: hosts[i % hosts.Length], Ms: random.Next(0, 600), Uncaged: i % 5 == 4, Early: i % 7 == 3)).ToList();
        var alive = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(kills, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (kill, _) =>
        {
            var running = await Kill(program, kill.Host, kill.Ms, kill.Uncaged, kill.Early);
            alive.AddOrUpdate(kill.Host, running > 0 ? 1 : 0, (_, count) => count + (running > 0 ? 1 : 0));
        });

        // Else nothing was shown: most were killed with something running, and some on each kind of host.
        Assert.True(alive.Values.Sum() > Kills * 2 / 3, string.Join(", ", alive));
        Assert.All(hosts, host => Assert.True(alive[host] > 0, host));
    }

    /// <summary>Returns how many processes ran when the engine was killed.</summary>
    private static async Task<int> Kill(PublicProgram program, string host, int ms, bool uncaged, bool early)
    {
        using var folder = new TemporaryFolder("/var/tmp");
        var token = $"assay-{Guid.NewGuid():N}"[..20];
        var builder = new PlanBuilder(folder.Under("plan"));
        for (var i = 0; i < 4; i++)
        {
            builder.Add($"C{i}", "exit 0", c =>
            {
                c["command"] = new JsonArray("perl", "-e", Load, token);
                c["sandbox"] = uncaged ? "none" : "strict";
            });
        }

        var plan = builder.Write();
        await AssayProgram.RunAsync("/bin/chmod", ["-R", "a+rwX", folder.Path], null, null, TimeSpan.FromSeconds(10));
        IReadOnlyList<string> words = [.. CageHosts.Prefix(host), program.Path, "epoch", "run", plan, "--jobs", "4"];
        int running;
        using (var engine = AssayProgram.Start(words[0], [.. words.Skip(1)], folder.Path))
        {
            // Most are killed with all of it running, some while they start.
            var begun = Stopwatch.StartNew();
            while (!early && Living(token).Count < 10 && begun.Elapsed < Patience) await Task.Delay(10);
            await Task.Delay(ms);
            running = Living(token).Count(p => !p.EndsWith($"/{engine.Id}", StringComparison.Ordinal));
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        var watch = Stopwatch.StartNew();
        while (Living(token).Count > 0 && watch.Elapsed < Soon) await Task.Delay(20);
        Assert.True(Living(token).Count == 0, $"{host}, killed after {ms} ms: {string.Join(", ", Living(token))} left after {watch.Elapsed}");
        return running;
    }

    private static List<string> Living(string token) =>
        [.. Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)).Where(p => Named(p, token))];

    private static bool Named(string process, string token)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline").Contains(token, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
