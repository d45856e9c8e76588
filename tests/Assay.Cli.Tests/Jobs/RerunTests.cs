using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests.Jobs;

/// <summary>Jobs that are run again, through the built command line.</summary>
public sealed class RerunTests
{
    [Fact]
    public async Task A_job_that_is_done_is_run_again_with_mended_components_and_approved_anew()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAndRunAsync();
        folder.Before("# mended");
        var again = await RerunAsync(folder, id, "--components", "components.json", "--reason", "it was wrong");
        await folder.WorkAsync();
        Assert.Equal(5, (await folder.RunAsync("job", "show", again)).ExitCode);
        await folder.ApproveAsync(again);
        await folder.WorkAsync();

        var shown = await folder.ShowAsync(again);
        Assert.Equal(("DONE", "PASS"), ((string)shown["job"]!["state"]!, (string)shown["job"]!["verdict"]!));
        var rerun = shown["rerun"]!;
        Assert.Equal((id, 1, "it was wrong"), ((string)rerun["of"]!, (int)rerun["number"]!, (string)rerun["reason"]!));
        Assert.Contains("run", rerun["changed_components"]!.AsArray().Select(s => (string)s!));
        Assert.NotEqual((string)(await folder.ShowAsync(id))["job"]!["run_id"]!, (string)shown["job"]!["run_id"]!);
        Assert.Equal((id, 0), ((string)shown["job"]!["root_job_id"]!, (int)shown["job"]!["generation"]!));
        Assert.Equal(0, (int)(await folder.ShowAsync(id))["budget"]!["spawned"]!);
        Assert.Equal(["DONE", "RERUN_REQUESTED"], folder.Types(id)[^2..]);
        var spec = JsonNode.Parse(File.ReadAllText(folder.Under(".assay", "jobs", again, "job_spec.json")))!;
        Assert.Empty(ContractCatalog.Validate("job_spec_v1", JsonSerializer.SerializeToElement(spec)));
        Assert.Equal("it was wrong", (string)spec["extensions"]!["lineage"]!["rerun_reason"]!);
        Assert.Equal(2, File.ReadAllLines(folder.Under(".assay", "registry", "trial_log.jsonl")).Length);
        Assert.Contains($"rerun 1 of {id}", (await folder.RunAsync("job", "show", again)).Output, StringComparison.Ordinal);
        Assert.Contains(again, (await folder.RunAsync("job", "show", id)).Output, StringComparison.Ordinal);
        var replayed = await folder.RunAsync("job", "replay", folder.Under(".assay", "jobs", id, "events.jsonl"));
        Assert.Contains("DONE", replayed.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task An_idea_is_run_again_from_its_beginning()
    {
        using var folder = new JobFolder();
        folder.Components.Remove("improvements");
        folder.Write();
        var id = await folder.SubmitAsync("idea");
        await folder.WorkAsync();
        while ((await folder.ShowAsync(id))["waiting"] is not null)
        {
            await folder.ApproveAsync(id);
            await folder.WorkAsync();
        }

        var again = await RerunAsync(folder, id);
        await folder.WorkAsync();
        Assert.Equal("blueprint", (string)(await folder.ShowAsync(again))["waiting"]!["step"]!);
        var idea = JsonNode.Parse(File.ReadAllText(folder.Under(".assay", "jobs", again, "inputs", "idea_spec.json")))!;
        Assert.Empty(ContractCatalog.Validate("idea_spec_v1", JsonSerializer.SerializeToElement(idea)));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_submission_that_exists_says_under_which_components_it_was_submitted()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        string[] submit =
            ["job", "submit-blueprint", "blueprint.json", "--snapshot", JobFolder.Snapshot, "--policy-bundle", "policies.json"];
        Assert.Equal($"{id} was submitted before, under the same components\n", (await folder.RunAsync(submit)).Error);
        folder.Before("# mended");
        var existing = await folder.RunAsync(submit);
        Assert.Contains("under other components (intent, strategy_spec, compile, ", existing.Error, StringComparison.Ordinal);
        Assert.Contains($"assay job rerun {id} --components FILE", existing.Error, StringComparison.Ordinal);
        var receipt = JsonNode.Parse((await folder.RunAsync([.. submit, "--json"])).Output)!;
        Assert.Equal((id, "exists"), ((string)receipt["job_id"]!, (string)receipt["status"]!));
        Assert.Equal(64, ((string)receipt["components"]!["run"]!).Length);
        Assert.Contains("compile", receipt["changed_components"]!.AsArray().Select(s => (string)s!));
    }

    [Fact]
    public async Task A_job_that_is_not_done_is_not_run_again()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        var refused = await folder.RunAsync("job", "rerun", id);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("not_done", refused.Error, StringComparison.Ordinal);
    }

    private static async Task<string> RerunAsync(JobFolder folder, string id, params string[] options)
    {
        var result = await folder.RunAsync(["job", "rerun", id, "--json", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        var receipt = JsonNode.Parse(result.Output)!;
        Assert.Equal("rerun", (string)receipt["status"]!);
        return (string)receipt["job_id"]!;
    }
}
