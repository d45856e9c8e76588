namespace Assay.Tests.Tasks;

/// <summary>kill -9 of the executor at random instants: no patch is half applied, nothing is lost, and what must not repeat does not.</summary>
public sealed class TaskCrashTests
{
    private static readonly int Runs = CrashRounds.Of(6);

    [Fact]
    public async Task Killed_at_any_instant_a_run_ends_with_whole_patches_and_nothing_done_twice()
    {
        var kills = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Runs), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            using var folder = Project(seed % 2 == 0);
            var random = new Random(seed);
            for (var i = 0; i < 9; i++)
            {
                using var executor = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path);
                await Task.Delay(random.Next(60, 500), CancellationToken.None);
                if (executor.HasExited) break;
                executor.Kill();
                await executor.WaitForExitAsync(CancellationToken.None);
                Interlocked.Increment(ref kills);
            }

            var last = await folder.ExecuteAsync();
            Assert.Contains(last.ExitCode, new[] { 0, 1 });
            await CheckAsync(folder, seed);
        });
        Assert.True(kills >= 5 * Runs, $"only {kills} kills");
    }

    private static TaskFolder Project(bool isRepository)
    {
        var folder = new TaskFolder();
        for (var i = 0; i < 6; i++)
        {
            folder.File($"one{i}.txt", "before\n").File($"two{i}.txt", "before\n");
            var script = $"echo x >> {folder.Under($"count{i}")}; sleep 0.05; echo after > one{i}.txt; sleep 0.02; echo after > two{i}.txt; mkdir -p deep{i}/er; echo new > deep{i}/er/new.txt";
            var task = folder.Add($"t{i}", script, $"grep -q after one{i}.txt && grep -q after two{i}.txt", $"one{i}.txt", $"two{i}.txt", $"deep{i}/**");
            task["retry_safe"] = i % 2 == 0;
            task["max_attempts"] = 4;
            if (i == 5) task["depends_on"] = new System.Text.Json.Nodes.JsonArray("t0");
        }

        if (isRepository) folder.Repository();
        return folder.Write();
    }

    private static async Task CheckAsync(TaskFolder folder, int seed)
    {
        var results = await folder.ResultsAsync();
        for (var i = 0; i < 6; i++)
        {
            var (status, files) = ((string)results[$"t{i}"]["status"]!, new[] { folder.Read($"one{i}.txt"), folder.Read($"two{i}.txt") });
            var isThere = File.Exists(folder.Under("tree", $"deep{i}", "er", "new.txt"));
            var expected = status == "COMPLETED" ? "after\n" : "before\n";
            Assert.All(files, f => Assert.Equal(expected, f));
            Assert.Equal(status == "COMPLETED", isThere);
            var began = File.Exists(folder.Under($"count{i}")) ? File.ReadAllLines(folder.Under($"count{i}")).Length : 0;
            if (i % 2 == 0) Assert.True(status is "COMPLETED" or "FAILED", $"seed {seed}, t{i}: {results[$"t{i}"]}");
            else Assert.True(began <= 1 && status is "COMPLETED" or "FAILED" or "CANCELLED", $"seed {seed}, t{i} began {began} times: {results[$"t{i}"]}");
            if (folder.PatchStates().TryGetValue($"t{i}", out var states)) Assert.Equal(status == "COMPLETED", states[^1] == "committed");
        }

        var verify = await folder.RunAsync("verify");
        Assert.True(verify.ExitCode == 0, $"seed {seed}: {verify.Output}");
        Assert.Empty(Directory.EnumerateFiles(folder.Under("tree"), ".assay-*", SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFiles(folder.Under(".assay", "attempts")));
        Assert.Empty(Directory.EnumerateFiles(folder.Under(".assay", "trees"), "*", SearchOption.AllDirectories));
    }
}
