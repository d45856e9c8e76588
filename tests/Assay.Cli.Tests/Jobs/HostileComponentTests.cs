using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>Components that do what they must not: the job stops with the reason, and nothing of theirs is used.</summary>
public sealed class HostileComponentTests
{
    [Theory]
    [InlineData("ln -s /etc/passwd runspec.json; exit 0", "is a link, which is not followed")]
    [InlineData("mkfifo runspec.json; exit 0", "evidence_missing")]
    [InlineData("mkdir runspec.json; exit 0", "is a folder")]
    [InlineData("exit 0", "is missing")]
    [InlineData("head -c 2000000 /dev/zero > runspec.json; exit 0", "is larger than 1048576 bytes")]
    [InlineData("echo '{\"schema_version\":\"runspec_v1\",\"strategy\":{},\"strategy\":{}}' > runspec.json; exit 0", "strategy")]
    [InlineData("printf '\\377' > runspec.json; exit 0", "breaks runspec_v1")]
    [InlineData("exit 7", "exit code 7")]
    [InlineData("kill -9 $$", "ended by signal 9")]
    [InlineData("sleep 60", "TIMEOUT")]
    [InlineData("yes", "OUTPUT_LIMIT")]
    [InlineData("rm -r \"$ASSAY_STAGE_OUTPUT\"; exit 0", "is missing")]
    [InlineData("ln -s /dev/full \"$ASSAY_STAGE_METER\"; echo {} > runspec.json; exit 0", "meter")]
    public async Task Bad_output_of_a_stage_is_an_error(string line, string message)
    {
        using var folder = new JobFolder();
        folder.Components["compile"]!["budgets"] = new JsonObject { ["time_ms"] = 700, ["kill_grace_ms"] = 100, ["output_bytes"] = 10_000 };
        folder.Before(line).Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        var lines = string.Concat(folder.Lines(id));
        Assert.Equal(["BLUEPRINT_SUBMITTED", "ERROR"], folder.Types(id));
        Assert.Contains(message, lines, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Theory]
    [InlineData("if [ $ASSAY_STAGE = run ]; then trap 'echo x > segments/held/curve.csv' EXIT; fi", "holdout_leak")]
    [InlineData("if [ $ASSAY_STAGE = run ]; then trap 'echo 0.7654321 > summary.txt' EXIT; fi", "unexpected_file")]
    [InlineData("if [ $ASSAY_STAGE = run ]; then trap 'ln -s /etc/passwd segments/walk/more.csv' EXIT; fi", "output_file")]
    [InlineData("if [ $ASSAY_STAGE = run ]; then trap 'rm segments/walk/curve.csv' EXIT; fi", "evidence_missing")]
    public async Task Bad_output_of_a_run_leaves_no_dossier(string line, string rule)
    {
        using var folder = new JobFolder().Before(line).Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        await folder.ApproveAsync(id);
        await folder.WorkAsync();
        Assert.Contains($"\"rule\":\"{rule}\"", folder.Lines(id)[^1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Under(".assay", "dossiers")));
        Assert.False(Directory.Exists(folder.Under(".assay", "registry")));
    }

    [Fact]
    public async Task A_sandboxed_component_sees_its_job_and_neither_ledger_nor_keys_nor_logs()
    {
        using var folder = new JobFolder();
        foreach (var (_, component) in folder.Components) component!["sandbox"] = "strict";
        folder.Before(
            $"""
            ls "$ASSAY_JOB_DIR/inputs" "$ASSAY_JOB_DIR/job_spec.json" >&2
            for hidden in {folder.Under(".assay", "ledger.db")} {folder.Under(".assay", "keys")} "$ASSAY_JOB_DIR/logs" "$ASSAY_JOB_DIR/stages/none" "$ASSAY_JOB_DIR/events.jsonl"; do if [ -e "$hidden" ]; then echo "sees $hidden" >&2; exit 9; fi; done
            if touch "$ASSAY_JOB_DIR/job_spec.json" "$ASSAY_JOB_DIR/inputs/x" 2> /dev/null; then echo "writes" >&2; exit 9; fi
            """).Write();
        Directory.CreateDirectory(folder.Under(".assay", "keys"));
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        Assert.True((await folder.RunAsync("job", "show", id)).ExitCode == 5, File.ReadAllText(folder.Under(".assay", "jobs", id, "logs", "compile.stderr.log")));
    }

    [Fact]
    public async Task Two_jobs_that_ask_for_the_same_run_at_once_share_it()
    {
        using var folder = new JobFolder();
        var count = folder.Under("count.txt");
        folder.Before("if [ $ASSAY_STAGE = run ]; then sleep 1; fi").Write();
        var ids = new List<string> { await folder.SubmitAsync() };
        folder.Blueprint["title"] = "The same run";
        folder.Write();
        ids.Add(await folder.SubmitAsync());
        await folder.WorkAsync();
        foreach (var id in ids) await folder.ApproveAsync(id);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["COUNT"] = count };
        string[] work = ["worker", "--run-jobs", "--once"];
        var workers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => AssayProgram.RunAsync(AssayProgram.Program, work, folder.Path, environment, TimeSpan.FromMinutes(1))));
        Assert.All(workers, w => Assert.Matches("^0 Serves jobs in [^\n]+, 2 at once\n$", $"{w.ExitCode} {w.Error}"));
        await folder.WorkAsync();
        foreach (var id in ids) Assert.Equal(0, (await folder.RunAsync("job", "show", id)).ExitCode);
        Assert.Equal(1, File.ReadAllLines(count).Count(l => l == "run"));
    }

    [Fact]
    public async Task Bad_components_and_policies_are_told_with_file_and_place_and_leave_nothing_behind()
    {
        using var folder = new JobFolder();
        folder.Components["run"]!["command"] = new JsonArray("./absent.sh");
        folder.Components["gates"]!["output_contract"] = "report_v1";
        folder.Components["compile"]!["budgets"]!["time_ms"] = 0;
        folder.Write();
        var refused = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("components.json:", refused.Error, StringComparison.Ordinal);
        Assert.Contains("/components/compile/budgets/time_ms", refused.Error, StringComparison.Ordinal);
        Assert.Contains("/components/gates/output_contract", refused.Error, StringComparison.Ordinal);
        folder.Components["gates"]!["output_contract"] = "gate_results_v1";
        folder.Components["compile"]!["budgets"]!["time_ms"] = 1000;
        folder.Budget["max_cost_usd"] = -1;
        folder.Write();
        var bundle = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Contains("policies.json:", bundle.Error, StringComparison.Ordinal);
        Assert.Contains("/policies/budget/params/max_cost_usd", bundle.Error, StringComparison.Ordinal);
        folder.Budget["max_cost_usd"] = 1;
        folder.Write();
        var program = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Contains("/components/run/command/0: ./absent.sh does not exist", program.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Under(".assay")));
    }
}
