namespace Assay.Tests.Jobs;

/// <summary>kill -9 of the worker at random instants: each job ends as it would have.</summary>
public sealed class JobCrashTests
{
    private static readonly int Jobs = CrashRounds.Of(4);

    [Fact]
    public async Task A_job_whose_worker_is_killed_at_any_instant_ends_as_it_would_have()
    {
        using var undisturbed = new JobFolder().Write();
        var expected = await FinishAsync(undisturbed, await undisturbed.SubmitAsync("idea"), null);
        Assert.Equal("DONE", expected[^1]);
        var kills = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Jobs), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            using var folder = new JobFolder();
            folder.Components["compile"]!["retry_safe"] = seed % 2 == 0;
            folder.Write();
            var random = new Random(seed);
            var types = await FinishAsync(folder, await folder.SubmitAsync("idea"), () =>
            {
                Interlocked.Increment(ref kills);
                return random.Next(60, 420);
            });

            // A stage that must not be repeated by itself stops in an error, and goes on when an operator says so.
            Assert.True(seed % 2 != 0 || !types.Contains("ERROR"), $"seed {seed}: {string.Join(" ", types)}");
            Assert.Equal(expected, types.Where(t => t is not ("ERROR" or "RETRIED")));
            var verify = await folder.RunAsync("verify");
            Assert.True(verify.ExitCode == 0, $"seed {seed}: {verify.Output}");
            Assert.Single(File.ReadAllLines(folder.Under(".assay", "registry", "trial_log.jsonl")));
            Assert.Empty(Directory.EnumerateFiles(folder.Under(".assay", "attempts")));
        });
        Assert.True(kills >= 5 * Jobs, $"only {kills} kills");
    }

    private static async Task<string[]> FinishAsync(JobFolder folder, string id, Func<int>? killAfterMs)
    {
        for (; ; )
        {
            if (killAfterMs is not null)
            {
                using var worker = AssayProgram.Start(AssayProgram.Program, ["worker", "--run-jobs"], folder.Path);
                await Task.Delay(killAfterMs());
                worker.Kill();
                await worker.WaitForExitAsync();
            }

            await folder.WorkAsync();
            var shown = await folder.ShowAsync(id);
            switch ((string)shown["job"]!["state"]!)
            {
                case "WAITING_APPROVAL":
                    await folder.ApproveAsync(id);
                    break;
                case "ERROR":
                    Assert.Contains("the engine died while it ran", (string)shown["job"]!["message"]!, StringComparison.Ordinal);
                    Assert.Equal(0, (await folder.RunAsync("job", "retry", id)).ExitCode);
                    break;
                default:
                    return folder.Types(id);
            }
        }
    }
}
