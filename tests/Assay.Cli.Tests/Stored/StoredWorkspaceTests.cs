using System.Text.Json.Nodes;

namespace Assay.Tests.Stored;

/// <summary>
/// Workspaces of every release that is out (<c>tests/Workspaces</c>) are opened, shown, verified, and brought to their end by this build
/// (ruling 40).
/// </summary>
public sealed class StoredWorkspaceTests
{
    public static TheoryData<string> Releases => [.. StoredWorkspace.Releases];

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_finished_epoch_is_shown_as_it_was_and_its_plan_runs_again(string release)
    {
        using var stored = await StoredWorkspace.OpenAsync(release, "epoch-finished");
        await NeedSandboxAsync(stored);
        var events = await stored.EventsAsync();
        await stored.AssertContinuesAsync(events);
        Assert.Equal("finished", (string)Assert.Single((await stored.ReadAsync(0, "epoch", "list"))["items"]!.AsArray())!["phase"]!);
        var summary = JsonNode.Parse(await File.ReadAllTextAsync(stored.Under(".assay", "epochs", "FINISHED", "epoch_summary.json")));
        Assert.True(JsonNode.DeepEquals(summary, await stored.ReadAsync(1, "epoch", "show", "FINISHED")));
        Assert.Equal("FAIL", (string)(await stored.ReadAsync(1, "epoch", "run", "finished.yaml", "--resume"))["epoch_verdict"]!);
        await stored.AssertContinuesAsync(events);

        var again = await stored.ReadAsync(1, "epoch", "run", "finished.yaml");
        Assert.Equal(("FINISHED_RUN2", "FAIL"), ((string)again["epoch_id"]!, (string)again["epoch_verdict"]!));
        Assert.Equal(Outcomes(summary!), Outcomes(again));
        await stored.AssertContinuesAsync(events);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_epoch_whose_engine_was_killed_is_resumed_to_its_verdict(string release)
    {
        using var stored = await StoredWorkspace.OpenAsync(release, "epoch-killed");
        await NeedSandboxAsync(stored);
        var events = await stored.EventsAsync();
        await stored.AssertVerifiesAsync();
        Assert.Equal("interrupted", (string)Assert.Single((await stored.ReadAsync(0, "epoch", "list"))["items"]!.AsArray())!["phase"]!);
        string[] interrupted =
            ["PASSES PASS", "FAILS FAIL_CLOSED", "HELD_SAFE INTERRUPTED", "HELD INTERRUPTED", "CAGED NOT_RUN", "LAST NOT_RUN"];
        Assert.Equal(interrupted, Outcomes(await stored.ReadAsync(0, "epoch", "show", "KILLED")));
        var resumed = await stored.ReadAsync(1, "epoch", "run", "killed.yaml", "--resume");
        string[] expected = ["PASSES PASS", "FAILS FAIL_CLOSED", "HELD_SAFE PASS", "HELD FAIL_CLOSED", "CAGED PASS", "LAST PASS"];
        Assert.Equal(expected, Outcomes(resumed));
        await stored.AssertContinuesAsync(events);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task An_escalation_stays_at_its_top_and_a_killed_one_gets_there(string release)
    {
        using (var finished = await StoredWorkspace.OpenAsync(release, "ladder-finished")) await ClimbAsync(finished, nothingRun: true);
        using var killed = await StoredWorkspace.OpenAsync(release, "ladder-killed");
        await ClimbAsync(killed, nothingRun: false);
    }

    [Theory]
    [InlineData("job-waiting", "WAITING_APPROVAL")]
    [InlineData("job-killed", "INTERRUPTED")]
    [InlineData("job-finished", "DONE")]
    public async Task A_job_is_shown_as_it_stood_and_comes_to_its_card(string name, string state)
    {
        foreach (var release in StoredWorkspace.Releases)
        {
            using var stored = await StoredWorkspace.OpenAsync(release, name);
            await NeedSandboxAsync(stored);
            var events = await stored.EventsAsync();
            await stored.AssertVerifiesAsync();
            var job = Assert.Single((await stored.ReadAsync(0, "job", "list"))["items"]!.AsArray())!;
            Assert.Equal(state, (string)job["state"]!);
            var id = (string)job["job_id"]!;
            string[] submit = ["job", "submit-blueprint", "blueprint.json", "--snapshot", "snap_1", "--policy-bundle", "policies.json"];
            var receipt = await stored.ReadAsync(0, submit);
            Assert.Equal((id, "exists"), ((string)receipt["job_id"]!, (string)receipt["status"]!));

            await stored.ReadAsync(0, "worker", "--run-jobs", "--once");
            var view = await stored.ReadAsync(null, "job", "show", id);
            while (view["waiting"] is { } waiting)
            {
                var (step, sha256) = ((string)waiting["step"]!, (string)waiting["sha256"]!);
                var approved = await stored.RunAsync("job", "approve", id, "--step", step, "--hash", sha256, "--reason", "seen");
                Assert.True(approved.ExitCode == 0, approved.Error);
                await stored.ReadAsync(0, "worker", "--run-jobs", "--once");
                view = await stored.ReadAsync(null, "job", "show", id);
            }

            Assert.Equal(("DONE", "PASS"), ((string)view["job"]!["state"]!, (string)view["job"]!["verdict"]!));
            await stored.AssertContinuesAsync(events);
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_finished_run_of_tasks_is_shown_as_it_was_and_its_change_can_be_taken_back(string release)
    {
        using var stored = await StoredWorkspace.OpenAsync(release, "tasks-finished");
        var events = await stored.EventsAsync();
        await stored.AssertContinuesAsync(events);
        Assert.Equal(["writes COMPLETED", "strays FAILED"], Tasks(await stored.ReadAsync(6, "run", "status", "finished-night")));
        Assert.Equal(6, (await stored.RunAsync("task", "show", "strays")).ExitCode);
        var patch = (await stored.ReadAsync(0, "patch", "list"))["items"]!.AsArray().Single(p => (string)p!["task_id"]! == "writes")!;
        await stored.ReadAsync(0, "patch", "rollback", (string)patch["patch_id"]!);
        Assert.False(File.Exists(stored.Under("tree", "written.txt")));
        await stored.AssertContinuesAsync(events);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_run_of_tasks_whose_engine_was_killed_goes_on_to_its_end(string release)
    {
        using var stored = await StoredWorkspace.OpenAsync(release, "tasks-killed");
        await NeedSandboxAsync(stored);
        var events = await stored.EventsAsync();
        await stored.AssertVerifiesAsync();
        var left = await stored.ReadAsync(0, "run", "status", "killed-night");
        Assert.Equal(["writes COMPLETED", "held IN_PROGRESS", "later PENDING"], Tasks(left));
        Assert.Equal("held", (string)left["results"]!.AsArray().Single(r => r!["interrupted"] is not null)!["task_id"]!);
        var ended = await stored.ReadAsync(0, "execute", "--run-id", "killed-night");
        Assert.Equal(["writes COMPLETED", "held COMPLETED", "later COMPLETED"], Tasks(ended));
        Assert.Equal("held\n", await File.ReadAllTextAsync(stored.Under("tree", "later.txt")));
        await stored.AssertContinuesAsync(events);
    }

    private static async Task ClimbAsync(StoredWorkspace stored, bool nothingRun)
    {
        var events = await stored.EventsAsync();
        await stored.AssertVerifiesAsync();
        Assert.Equal(2, (await stored.ReadAsync(0, "epoch", "list"))["items"]!.AsArray().Count);
        var climbed = await stored.ReadAsync(0, "epoch", "escalate", "ladder.yaml", "--autonomous", "--resume");
        Assert.Equal((true, nothingRun), ((bool)climbed["reached"]!, (bool?)climbed["nothing_run"] ?? false));
        Assert.Equal(2, (await stored.ReadAsync(0, "epoch", "list"))["items"]!.AsArray().Count);
        await stored.AssertContinuesAsync(events);
    }

    private static string[] Outcomes(JsonNode summary) =>
        [.. summary["runs"]!.AsArray().Select(r => $"{r!["crucible_id"]} {r["outcome"]}")];

    private static string[] Tasks(JsonNode results) => [.. results["results"]!.AsArray().Select(r => $"{r!["task_id"]} {r["status"]}")];

    /// <summary>What these hold is caged, as is what users have.</summary>
    private static async Task NeedSandboxAsync(StoredWorkspace stored)
    {
        if (Environment.GetEnvironmentVariable("CI") is not null) return;
        using var folder = new TemporaryFolder();
        var plan = new PlanBuilder(folder.Path).Add("CAGED", "true", c => c["sandbox"] = "strict").Write();
        var preflight = await stored.RunAsync("epoch", "preflight", plan);
        if (preflight.ExitCode != 0) Assert.Skip(preflight.Error.Trim());
    }
}
