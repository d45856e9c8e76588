using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Tests.Cage;

/// <summary>kill -9 of the engine, at any instant and with everything running: soon nothing of it is left, with cgroups and without.</summary>
public sealed class EngineEndTests
{
    private const int Kills = 50;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

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
        var kills = Enumerable.Range(0, Kills).Select(i => (Host: hosts[i % hosts.Length], Ms: random.Next(60, 900), Uncaged: i % 5 == 4)).ToList();
        await Parallel.ForEachAsync(kills, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (kill, _) => await Kill(program, kill.Host, kill.Ms, kill.Uncaged));
    }

    private static async Task Kill(PublicProgram program, string host, int ms, bool uncaged)
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
        using (var engine = AssayProgram.Start(words[0], [.. words.Skip(1)], folder.Path))
        {
            await Task.Delay(ms);
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        var watch = Stopwatch.StartNew();
        while (Living(token).Count > 0 && watch.Elapsed < Soon) await Task.Delay(20);
        Assert.True(Living(token).Count == 0, $"{host}, killed after {ms} ms: {string.Join(", ", Living(token))} left after {watch.Elapsed}");
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
