using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Jobs;

/// <summary>
/// What else than an answer could carry a hold-out's figure out: reasons of failures, digests, and what a process leaves in numbers.
/// </summary>
public sealed class HoldoutSilenceTests
{
    private const string Figure = "0.7654321";

    [Theory]
    [InlineData("echo '{\"schema_version\":\"metrics_v1\",\"metrics\":{\"LEAK_0.7654321 x\":1}}' > segments/held/metrics.json", "contract")]
    [InlineData("echo '{\"schema_version\":\"0.7654321\",\"metrics\":{}}' > segments/held/metrics.json", "contract")]
    [InlineData("echo '{\"schema_version\":\"metrics_v1\",\"metrics\":{},\"0.7654321\":1,\"0.7654321\":2}' > segments/held/metrics.json", "contract")]
    [InlineData("sed -i 's/\"months\":15/\"x 0.7654321\":15/' segments_summary.json", "contract")]
    [InlineData("sed -i 's/\"months\":15/\"x_0.7654321\":15/' segments_summary.json", "holdout_leak")]
    [InlineData("echo x > segments/held/0.7654321", "unexpected_file")]
    [InlineData("ln -s /etc/passwd segments/held/0.7654321", "output_file")]
    public async Task A_failed_run_says_which_file_of_a_hold_out_is_wrong_and_nothing_that_stands_in_it(string line, string rule)
    {
        using var folder = JobFolder.Strict();
        folder.WriteScript($"{await File.ReadAllTextAsync(folder.Under("stage.sh"))}\nif [ $ASSAY_STAGE = run ]; then\n{line}\nfi\n");
        var id = await folder.Write().SubmitAndRunAsync();
        var told = await ToldAsync(folder, id);
        Assert.Contains($"\"rule\":\"{rule}\"", folder.Lines(id)[^1], StringComparison.Ordinal);
        Assert.Contains("stays sealed", folder.Lines(id)[^1], StringComparison.Ordinal);
        Assert.Contains("run_roots/", folder.Lines(id)[^1], StringComparison.Ordinal);
        Assert.All(told, p => Assert.DoesNotContain(Figure, p, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_digest_that_is_told_is_over_a_file_of_a_hold_out_and_a_changed_one_is_still_noticed()
    {
        using var folder = JobFolder.Strict();
        var id = await folder.Write().SubmitAndRunAsync();
        var run = (string)(await folder.ShowAsync(id))["job"]!["run_id"]!;
        var dossier = folder.Under(".assay", "dossiers", run);
        var told = string.Concat(folder.Lines(id)) + (await folder.RunAsync("job", "show", id, "--json")).Output;
        var trial = await File.ReadAllTextAsync(folder.Under(".assay", "registry", "trial_log.jsonl"));
        Assert.DoesNotContain(Sha256($"{dossier}/dossier_manifest.json"), told + trial, StringComparison.Ordinal);
        Assert.DoesNotContain(Sha256($"{dossier}/segments/held/metrics.json"), told + trial, StringComparison.Ordinal);

        // What is told instead is what the gates were given.
        var seen = JsonNode.Parse(await File.ReadAllTextAsync(folder.Under(".assay", "jobs", id, "stages", "gates", "stage_input.json")))!;
        var open = (string)seen["documents"]!["dossier_manifest"]!["sha256"]!;
        Assert.Equal(open, (string)Outputs(folder, id, "RUN_COMPLETED")["dossier_manifest_sha256"]!);
        Assert.Equal(open, (string)JsonNode.Parse(trial)!["manifest_sha256"]!);

        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        await File.AppendAllTextAsync($"{dossier}/segments/held/metrics.json", " ");
        Assert.Equal(1, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task The_log_says_of_the_judges_process_only_that_it_ended()
    {
        const string numbers = "if [ $ASSAY_STAGE = holdout ]; then perl -e 'print q(x) x 76543; print STDERR q(x) x 21'; fi";
        using var folder = JobFolder.Strict().Before(numbers);
        var id = await folder.Write().SubmitAndRunAsync();
        var events = JsonNode.Parse((await folder.RunAsync("log", $"job/{id}", "--json")).Output)!.AsArray();
        var ended = events.Single(e => (string)e!["type"]! == "EFFECT_FINISHED" && (string)e["data"]!["effect_id"]! == "stage/holdout")!;
        Assert.Equal("""{"attempt":1,"effect_id":"stage/holdout","outcome":"sealed"}""", ended["data"]!.ToJsonString());

        // The chain can still be followed: the event's hash stands in the place of its content.
        var next = events.Single(e => (long)e!["version"]! == (long)ended["version"]! + 1)!;
        Assert.Equal((string)next["prev"]!, (string)ended["sealed"]!);
        var plain = (await folder.RunAsync("log")).Output.Split('\n');
        foreach (var line in plain.Where(l => l.Contains("stage/holdout", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain("stdout", line, StringComparison.Ordinal);
            Assert.DoesNotContain("exit_code", line, StringComparison.Ordinal);
        }

        Assert.Contains("\"exit_code\"", events.First(e => (string)e!["type"]! == "EFFECT_FINISHED")!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_of_the_trial_log_names_the_policies_by_which_it_was_judged()
    {
        using var folder = JobFolder.Strict();
        var id = await folder.Write().SubmitAndRunAsync();
        var trial = JsonNode.Parse(await File.ReadAllTextAsync(folder.Under(".assay", "registry", "trial_log.jsonl")))!;
        using var document = JsonDocument.Parse(trial.ToJsonString());
        Assert.Empty(ContractCatalog.Validate("trial_v1", document.RootElement));
        Assert.Equal((string)(await folder.ShowAsync(id))["policy"]!["sha256"]!, (string?)trial["policy_bundle_sha256"]);
    }

    /// <summary>What people and programs are shown of a job.</summary>
    private static async Task<List<string>> ToldAsync(JobFolder folder, string id)
    {
        var files = Directory.EnumerateFiles(folder.Under(".assay", "jobs", id), "*", SearchOption.AllDirectories);
        var told = files.Select(f => f + File.ReadAllText(f)).ToList();
        string[][] looks = [["job", "show", id, "--json"], ["job", "show", id], ["job", "list"], ["log", $"job/{id}", "--json"], ["log", $"job/{id}"]];
        foreach (var look in looks) told.Add((await folder.RunAsync(look)).Output);
        return told;
    }

    private static JsonNode Outputs(JobFolder folder, string id, string type) =>
        folder.Lines(id).Select(l => JsonNode.Parse(l)!).Single(e => (string)e["event_type"]! == type)["outputs"]!;

    private static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
