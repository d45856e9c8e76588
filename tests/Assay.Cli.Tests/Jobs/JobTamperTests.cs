namespace Assay.Tests.Jobs;

/// <summary>What somebody changes of a job's record is found and named.</summary>
public sealed class JobTamperTests
{
    [Fact]
    public async Task Verify_names_each_file_that_was_changed_behind_the_ledgers_back()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        await folder.ApproveAsync(id);
        await folder.WorkAsync();
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        var run = (string)(await folder.ShowAsync(id))["job"]!["run_id"]!;
        string[] files =
        [
            $"jobs/{id}/job_spec.json", $"jobs/{id}/inputs/blueprint.json", $"jobs/{id}/outputs/runspec.json", $"jobs/{id}/outputs/outputs.json", $"jobs/{id}/events.jsonl",
            $"dossiers/{run}/segments/held/metrics.json", $"dossiers/{run}/dossier_manifest.json", "registry/trial_log.jsonl", $"jobs/{id}/outputs/policy_bundle_ref.json",
        ];
        foreach (var file in files)
        {
            var path = folder.Under(".assay", file);
            var bytes = File.ReadAllBytes(path);
            foreach (var change in new Func<byte[], byte[]>[] { b => [.. b[..^2], (byte)(b[^2] ^ 1), b[^1]], b => [.. b, (byte)'x'] })
            {
                File.WriteAllBytes(path, change(bytes));
                var verify = await folder.RunAsync("verify");
                Assert.True(verify.ExitCode == 1 && verify.Output.Contains(file, StringComparison.Ordinal), $"{file}: {verify.Output}");
            }

            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }
}
