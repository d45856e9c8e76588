using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;

namespace Assay.Tests.Jobs;

/// <summary>Jobs through the command line alone.</summary>
public sealed class JobCommandLineTests
{
    [Fact]
    public async Task An_idea_goes_through_all_checkpoints_and_every_file_keeps_its_contract()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync("idea");
        var steps = new List<string>();
        await folder.WorkAsync();
        while ((await folder.RunAsync("job", "show", id)).ExitCode == 5)
        {
            steps.Add(await folder.ApproveAsync(id));
            await folder.WorkAsync();
        }

        Assert.Equal(["blueprint", "strategy_spec", "runspec", "trace_preview", "improvements"], steps);
        var shown = await folder.ShowAsync(id);
        Assert.Equal(("DONE", "PASS"), ((string)shown["job"]!["state"]!, (string)shown["job"]!["verdict"]!));
        Assert.All(shown["decisions"]!.AsArray(), d => Assert.Equal((Environment.UserName, "cli", "seen"), ((string)d!["by"]!, (string)d["via"]!, (string)d["reason"]!)));
        var child = (string)shown["children"]![0]!;
        Assert.Equal((1, id), ((int)(await folder.ShowAsync(child))["job"]!["generation"]!, (string)(await folder.ShowAsync(child))["job"]!["parent_job_id"]!));
        CheckContracts(folder.Under(".assay"));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        Assert.Single(File.ReadAllLines(folder.Under(".assay", "registry", "trial_log.jsonl")));
        Assert.Single(Directory.GetFiles(folder.Under(".assay", "registry", "cards")));
        Assert.Equal("DONE", (string)JsonNode.Parse((await folder.RunAsync("job", "replay", $".assay/jobs/{id}/events.jsonl", "--json")).Output)!["state"]!);
    }

    [Fact]
    public async Task The_same_specification_is_the_same_job_and_the_same_run_is_not_run_twice()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        var again = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", JobFolder.Snapshot, "--policy-bundle", "policies.json");
        Assert.Equal($"{id}  exists", again.Output.Trim());
        folder.Blueprint["title"] = "Another title, the same run";
        folder.Write();
        var other = await folder.SubmitAsync();
        Assert.NotEqual(id, other);
        await folder.WorkAsync();
        await folder.ApproveAsync(id);
        await folder.WorkAsync();
        await folder.ApproveAsync(other);
        await folder.WorkAsync();
        Assert.Equal((string)(await folder.ShowAsync(id))["job"]!["run_id"]!, (string)(await folder.ShowAsync(other))["job"]!["run_id"]!);
        Assert.Contains("the dossier was there already", string.Concat(folder.Lines(other)), StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(folder.Under(".assay", "registry", "trial_log.jsonl")).Length);
        Assert.Single(Directory.GetDirectories(folder.Under(".assay", "run_roots")));
    }

    [Fact]
    public async Task A_stage_for_which_there_is_no_room_fails_with_the_reason_and_can_be_tried_again()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        var blocked = folder.Under(".assay", "jobs", id, "stages");
        File.WriteAllText(blocked, "in the way");
        var stuck = await folder.RunAsync("worker", "--run-jobs", "--once");
        Assert.Contains($"{id}  ERROR", stuck.Output, StringComparison.Ordinal);
        Assert.Contains("Not a directory", stuck.Output, StringComparison.Ordinal);
        Assert.Equal("ERROR", folder.Types(id)[^1]);
        File.Delete(blocked);
        Assert.Equal(0, (await folder.RunAsync("job", "retry", id)).ExitCode);
        await folder.WorkAsync();
        Assert.Equal("WAITING_APPROVAL", (string)(await folder.ShowAsync(id))["job"]!["state"]!);
    }

    [Fact]
    public async Task A_file_of_a_job_that_cannot_be_written_holds_the_job_up_nowhere_and_is_written_later()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        var blocked = folder.Under(".assay", "jobs", id, "outputs", "runspec.json");
        Directory.CreateDirectory(blocked);
        var worked = await folder.RunAsync("worker", "--run-jobs", "--once");
        Assert.Equal(3, worked.ExitCode);
        Assert.Contains($"{id}  WAITING_APPROVAL", worked.Output, StringComparison.Ordinal);
        Assert.Contains($"{id}  FILE_NOT_WRITTEN", worked.Output, StringComparison.Ordinal);
        Directory.Delete(blocked);
        await folder.ApproveAsync(id);
        Assert.Equal(0, (await folder.WorkAsync()).ExitCode);
        Assert.True(File.Exists(blocked));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_decision_names_what_was_seen_and_is_taken_once()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        Assert.Contains("hash_required", (await folder.RunAsync("job", "approve", id, "--step", "runspec")).Error, StringComparison.Ordinal);
        Assert.Contains("document_changed", (await folder.RunAsync("job", "approve", id, "--step", "runspec", "--hash", new string('0', 64))).Error, StringComparison.Ordinal);
        var hash = (string)(await folder.ShowAsync(id))["waiting"]!["sha256"]!;
        string[] approve = ["job", "approve", id, "--step", "runspec", "--hash", hash];
        var both = await Task.WhenAll(folder.RunAsync(approve), folder.RunAsync(approve));
        Assert.Equal([0, 2], both.Select(r => r.ExitCode).Order());
        Assert.Contains("already_approved", both.Single(r => r.ExitCode == 2).Error, StringComparison.Ordinal);
        Assert.Equal(1, folder.Types(id).Count(t => t == "APPROVED"));
    }

    [Fact]
    public async Task Work_that_Assay_runs_cannot_approve_itself()
    {
        using var folder = new JobFolder();
        folder.Before($"if [ $ASSAY_STAGE = compile ]; then env -u ASSAY_ATTEMPT {AssayProgram.Program} job approve 0123456789ab --step runspec --hash {new string('0', 64)} --workspace {folder.Under(".assay")} 2> {folder.Under("said.txt")} || true; fi");
        folder.Write();
        await folder.SubmitAsync();
        await folder.WorkAsync();
        Assert.Contains("not_a_person", File.ReadAllText(folder.Under("said.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_document_is_replaced_under_a_name_of_its_own()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        var hash = (string)(await folder.ShowAsync(id))["waiting"]!["sha256"]!;
        folder.Save("other.json", JsonNode.Parse("""{"schema_version":"runspec_v1","strategy":{"top":5},"segments":{"list":[{"segment_id":"walk"},{"segment_id":"held","holdout":true}]}}""")!);
        var rejected = await folder.RunAsync("job", "reject", id, "--step", "runspec", "--hash", hash, "--reason", "five", "--replacement", "other.json");
        Assert.Equal(0, rejected.ExitCode);
        Assert.Contains("document_changed", (await folder.RunAsync("job", "approve", id, "--step", "runspec", "--hash", hash)).Error, StringComparison.Ordinal);
        await folder.ApproveAsync(id);
        await folder.WorkAsync();
        Assert.Equal(0, (await folder.RunAsync("job", "show", id)).ExitCode);
        Assert.Contains("\"top\":5", File.ReadAllText(folder.Under(".assay", "jobs", id, "outputs", "runspec.v2.json")), StringComparison.Ordinal);
        Assert.Contains("\"top\":2", File.ReadAllText(folder.Under(".assay", "jobs", id, "outputs", "runspec.json")), StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_component_that_changed_since_the_submission_does_not_run_until_an_operator_retries()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        folder.Before("# changed");
        await folder.WorkAsync();
        var shown = await folder.RunAsync("job", "show", id);
        Assert.Equal(3, shown.ExitCode);
        Assert.Contains("not what it was when the job was submitted", shown.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("job", "retry", id, "--components", "components.json", "--reason", "mended")).ExitCode);
        await folder.WorkAsync();
        Assert.Equal(5, (await folder.RunAsync("job", "show", id)).ExitCode);
        Assert.Equal(["BLUEPRINT_SUBMITTED", "ERROR", "RETRIED", "RUNSPEC_COMPILED", "WAITING_APPROVAL"], folder.Types(id));
    }

    [Theory]
    [InlineData("echo '{\"cost_usd\":0.6}' >> \"$ASSAY_STAGE_METER\"; sleep 30", "max_cost_usd")]
    [InlineData("sleep 30", "max_wall_clock_ms")]
    public async Task A_budget_ends_a_stage_in_the_middle(string line, string limit)
    {
        using var folder = new JobFolder();
        folder.Budget["max_cost_usd"] = 0.5;
        folder.Budget["max_wall_clock_ms"] = limit == "max_cost_usd" ? 20_000 : 500;
        folder.Before(line).Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        var shown = await folder.RunAsync("job", "show", id, "--json");
        Assert.Equal(4, shown.ExitCode);
        Assert.Equal(limit, (string)JsonNode.Parse(shown.Output)!["budget"]!["stopped_by"]!);
    }

    [Fact]
    public async Task A_meter_that_lies_is_an_error()
    {
        using var folder = new JobFolder().Before("echo '{\"cost_usd\":-1}' >> \"$ASSAY_STAGE_METER\"").Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        Assert.Contains("a line of the meter", (await folder.RunAsync("job", "show", id)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_job_ends_while_its_stage_runs()
    {
        using var folder = new JobFolder().Before("sleep 60").Write();
        var id = await folder.SubmitAsync();
        using var worker = AssayProgram.Start(AssayProgram.Program, ["worker", "--run-jobs"], folder.Path);
        await Until(async () => (await folder.ShowAsync(id))["stages"]!.AsArray().Count > 0);
        Assert.Equal(0, (await folder.RunAsync("job", "cancel", id, "--reason", "enough")).ExitCode);
        await Until(async () => (string)(await folder.ShowAsync(id))["job"]!["state"]! == "CANCELLED");
        AssayProgram.Terminate(worker);
        await worker.WaitForExitAsync();
        Assert.Equal(0, worker.ExitCode);
    }

    [Fact]
    public async Task SIGTERM_lets_the_stage_that_runs_come_to_its_end_and_starts_no_other()
    {
        using var folder = new JobFolder().Before("sleep 1.5").Write();
        var id = await folder.SubmitAsync("idea");
        using var worker = AssayProgram.Start(AssayProgram.Program, ["worker", "--run-jobs"], folder.Path);
        await Until(async () => (await folder.ShowAsync(id))["stages"]!.AsArray().Count > 0);
        AssayProgram.Terminate(worker);
        await worker.WaitForExitAsync();
        Assert.Equal(0, worker.ExitCode);
        Assert.Equal("WAITING_APPROVAL", (string)(await folder.ShowAsync(id))["job"]!["state"]!);
    }

    [Fact]
    public async Task Several_workers_share_the_jobs_and_none_is_advanced_twice()
    {
        using var folder = new JobFolder();
        var count = folder.Under("count.txt");
        folder.Write();
        var ids = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            folder.Blueprint["title"] = $"Job {i}";
            folder.Write();
            ids.Add(await folder.SubmitAsync());
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["COUNT"] = count };
        string[] work = ["worker", "--run-jobs", "--once", "--json"];
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => AssayProgram.RunAsync(AssayProgram.Program, work, folder.Path, environment, TimeSpan.FromMinutes(1))));
        await folder.WorkAsync();
        Assert.Equal(8, File.ReadAllLines(count).Count(l => l == "compile"));
        foreach (var id in ids) Assert.Equal(["BLUEPRINT_SUBMITTED", "RUNSPEC_COMPILED", "WAITING_APPROVAL"], folder.Types(id));
    }

    [Fact]
    public async Task A_job_is_shown_with_its_run_and_the_times_of_what_happened()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAndRunAsync();
        var job = (await folder.ShowAsync(id))["job"]!;
        var shown = (await folder.RunAsync("job", "show", id)).Output;
        const string time = "20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d[+-]\\d\\d:\\d\\d";
        Assert.Matches($"\nsubmitted {time} by .* · ended {time}\n", shown);
        Assert.Contains($"\nrun {(string)job["run_id"]!} · card {(string)job["card_id"]!}\n", shown, StringComparison.Ordinal);
        Assert.Matches($"\nAPPROVED +runspec +{time}  ", shown);
    }

    [Fact]
    public async Task A_job_that_ended_in_an_error_or_at_a_limit_says_what_can_be_done()
    {
        using var broken = new JobFolder().Before("exit 3").Write();
        var id = await broken.SubmitAsync();
        await broken.WorkAsync();
        Assert.Contains($"Try its stage again: assay job retry {id} [--components FILE]", (await broken.RunAsync("job", "show", id)).Output, StringComparison.Ordinal);

        using var poor = new JobFolder();
        poor.Budget["max_wall_clock_ms"] = 1;
        poor.Before("sleep 0.2").Write();
        var stopped = await poor.SubmitAsync();
        await poor.WorkAsync();
        var shown = await poor.RunAsync("job", "show", stopped);
        Assert.Equal(4, shown.ExitCode);
        Assert.Contains("A budget ended it: submit it again with a policy bundle of another name that allows more", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_is_of_a_proposal_or_of_a_blueprint_and_what_is_missing_is_said()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        var neither = await folder.RunAsync("job", "spawn", id);
        Assert.Equal(2, neither.ExitCode);
        Assert.Contains("name either a proposal of the job or a blueprint: it has none, so give a blueprint [proposal]", neither.Error, StringComparison.Ordinal);
        var both = await folder.RunAsync("job", "spawn", id, "--proposal", "p", "--blueprint", "blueprint.json");
        Assert.Equal(2, both.ExitCode);
        Assert.StartsWith("assay: --blueprint and --proposal exclude each other", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_policy_file_is_reported_and_changes_no_job()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        folder.Budget["max_cost_usd"] = 99;
        folder.Write();
        var policy = (await folder.ShowAsync(id))["policy"]!;
        Assert.Equal("changed", (string)policy["file"]!);
        Assert.Null((await folder.ShowAsync(id))["budget"]!["max_cost_usd"]);
    }

    [Theory]
    [InlineData("idea.json", "idea")]
    [InlineData("blueprint.json", "blueprint")]
    public async Task Extensions_that_try_to_set_a_policy_are_refused_on_both_ways_in(string file, string kind)
    {
        using var folder = new JobFolder();
        folder.Blueprint["extensions"] = new JsonObject { ["max_cost_usd"] = 9 };
        folder.Idea["extensions"] = new JsonObject { ["max_cost_usd"] = 9 };
        folder.Write();
        var result = await folder.RunAsync("job", $"submit-{kind}", file, "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Equal(6, result.ExitCode);
        Assert.Contains("/extensions/max_cost_usd", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Under(".assay")));
    }

    [Fact]
    public async Task A_bundle_that_is_not_the_one_that_the_idea_names_is_refused()
    {
        using var folder = new JobFolder();
        folder.Idea["policy_bundle_id"] = "another";
        folder.Write();
        var result = await folder.RunAsync("job", "submit-idea", "idea.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("names another, but test_policies was given", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_of_the_first_version_can_still_be_replayed()
    {
        using var folder = new TemporaryFolder();
        static string Line(string type, string? step = null) => $$"""{"schema_version":"job_event_v1","job_id":"0123456789ab","event_type":"{{type}}"{{(step is null ? "" : $$""","outputs":{"step":"{{step}}"}""")}}}""";
        File.WriteAllLines(folder.Under("events.jsonl"), [Line("BLUEPRINT_SUBMITTED"), Line("RUNSPEC_COMPILED"), Line("WAITING_APPROVAL", "runspec")]);
        var waiting = await AssayProgram.RunAsync(folder.Path, "job", "replay", "events.jsonl");
        Assert.Equal("0123456789ab  WAITING_APPROVAL (runspec)  3 events, approved: nothing", waiting.Output.Trim());
        File.AppendAllLines(folder.Under("events.jsonl"), [Line("APPROVED", "runspec"), Line("DONE"), "{\"schema_version\":\"job_event_v9\"}"]);
        var unknown = await AssayProgram.RunAsync(folder.Path, "job", "replay", "events.jsonl");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("events.jsonl:6", unknown.Error, StringComparison.Ordinal);
        File.WriteAllLines(folder.Under("events.jsonl"), [Line("BLUEPRINT_SUBMITTED"), Line("APPROVED", "runspec")]);
        Assert.Contains("nothing waited for it", (await AssayProgram.RunAsync(folder.Path, "job", "replay", "events.jsonl")).Error, StringComparison.Ordinal);
    }

    private static void CheckContracts(string workspace)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(workspace, "*.json*", SearchOption.AllDirectories).Where(p => !p.Contains("/stages/", StringComparison.Ordinal) && !p.Contains("/run_roots/", StringComparison.Ordinal)))
        {
            var texts = path.EndsWith(".jsonl", StringComparison.Ordinal) ? File.ReadAllLines(path) : [File.ReadAllText(path)];
            foreach (var text in texts)
            {
                var document = InputDocument.Read(System.Text.Encoding.UTF8.GetBytes(text), path).Value;
                var version = document.Root.GetProperty("schema_version").GetString()!;
                Assert.Empty(ContractCatalog.Check(document, version).Problems);
                seen.Add(version);
            }
        }

        Assert.Superset(
            new HashSet<string>(StringComparer.Ordinal) { "job_event_v2", "job_spec_v1", "idea_spec_v1", "blueprint_v1", "outputs_v1", "policy_bundle_ref_v1", "dossier_manifest_v1", "trial_v1", "registry_card_v1", "gate_results_v1", "segments_summary_v1", "metrics_v1" },
            seen);
    }

    private static async Task Until(Func<Task<bool>> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "it did not happen in time");
            await Task.Delay(50);
        }
    }
}
