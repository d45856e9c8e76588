using System.Globalization;
using System.Text.Json.Nodes;
using Assay.Ledger.Sqlite;

namespace Assay.Tests;

/// <summary>kill -9 at random instants, then --resume.</summary>
public sealed class CrashTests
{
    private static readonly int Kills = CrashRounds.Of(36);

    [Fact]
    public async Task Killed_at_any_instant_nothing_acknowledged_is_lost_and_nothing_unsafe_is_repeated()
    {
        var random = new Random(20261121);
        var instants = Enumerable.Range(0, Kills).Select(_ => random.Next(20, 700)).ToList();
        await Parallel.ForEachAsync(instants, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (ms, _) => await KillAndResume(ms));
    }

    private static async Task KillAndResume(int ms)
    {
        using var folder = new TemporaryFolder();
        var count = folder.Under("count.txt");
        var token = Guid.NewGuid().ToString("N");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["COUNT"] = count, ["TOKEN"] = token };
        var builder = new PlanBuilder(folder.Under("plan"));
        builder.Plan["env"] = new JsonArray("COUNT", "TOKEN");
        for (var i = 0; i < 6; i++)
        {
            var safe = i % 2 == 0;
            builder.Add($"C{i}", $"echo C{i} >> \"$COUNT\"; (setsid sleep 5 &); sleep 0.06", c =>
            {
                c["retry_safe"] = safe;
                c["sandbox"] = "none";
            });
        }

        var plan = builder.Write();
        string[] arguments = ["epoch", "run", plan, "--jobs", ms % 2 == 0 ? "1" : "2"];
        using (var engine = AssayProgram.Start(AssayProgram.Program, arguments, folder.Path, environment))
        {
            await Task.Delay(ms);
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        var acknowledged = await EventsAsync(folder);
        var resumed = await AssayProgram.RunAsync(AssayProgram.Program, [.. arguments, "--resume", "--json"], folder.Path, environment, TimeSpan.FromMinutes(1));
        Assert.True(resumed.ExitCode is 0 or 1, $"after {ms} ms: {resumed.ExitCode} {resumed.Error}");
        var after = await EventsAsync(folder);
        Assert.Equal(acknowledged, after.Take(acknowledged.Count));

        var executions = File.ReadAllLines(count).GroupBy(l => l, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        foreach (var (crucible, times) in executions)
        {
            var safe = int.Parse(crucible[1..], CultureInfo.InvariantCulture) % 2 == 0;
            Assert.True(times == 1 || (safe && times == 2), $"after {ms} ms: {crucible} ran {times} times");
        }

        foreach (var run in JsonNode.Parse(resumed.Output)!["runs"]!.AsArray())
        {
            var notes = run!["notes"]!.ToJsonString();
            Assert.True(run["outcome"]!.GetValue<string>() == "PASS" || notes.Contains("interrupted", StringComparison.Ordinal), $"after {ms} ms: {run}");
        }

        Assert.Empty(Survivors(token));
        var verify = await AssayProgram.RunAsync(folder.Path, "verify");
        Assert.True(verify.ExitCode == 0, $"after {ms} ms: {verify.Output}");
        Assert.Empty(Directory.EnumerateFiles(folder.Under(".assay", "attempts")));
    }

    private static async Task<List<string>> EventsAsync(TemporaryFolder folder)
    {
        var path = folder.Under(".assay", "ledger.db");
        if (!File.Exists(path)) return [];
        await using var store = SqliteEventStore.Open(path);
        return [.. (await store.ReadAllAsync(0, int.MaxValue)).Select(e => Convert.ToHexString(e.Bytes.Span))];
    }

    /// <summary>Processes whose environment carries the token.</summary>
    private static List<string> Survivors(string token)
    {
        var found = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(process, "environ")).Contains($"TOKEN={token}", StringComparison.Ordinal)) found.Add(process);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is gone, or not ours.
            }
        }

        return found;
    }
}
