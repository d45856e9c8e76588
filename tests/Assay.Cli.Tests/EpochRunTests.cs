using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests;

/// <summary>Epochs through the built command line: verdicts, exit codes, and what is on disk.</summary>
public sealed class EpochRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private PlanBuilder Builder => field ??= new PlanBuilder(_folder.Under("plan"));

    private string Epochs => _folder.Under(".assay", "epochs");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_passing_epoch_leaves_all_its_evidence_and_every_file_keeps_its_contract()
    {
        Builder.Add("ONE", "echo hello; echo oops >&2").Add("TWO", "exit 0");
        var run = await Run();
        Assert.True(run.ExitCode == 0, run.Error);
        var folder = Path.Combine(Epochs, "EPOCH_TEST");
        Assert.Equal("hello\n", await File.ReadAllTextAsync(Path.Combine(folder, "ONE", "stdout.json")));
        Assert.Equal("oops\n", await File.ReadAllTextAsync(Path.Combine(folder, "ONE", "stderr.log")));
        AssertContract("run_record_v1", Path.Combine(folder, "ONE", "run_record.json"));
        AssertContract("epoch_summary_v1", Path.Combine(folder, "epoch_summary.json"));
        AssertContract("epoch_manifest_v1", Path.Combine(folder, "epoch_manifest.json"));
        AssertContract("epoch_coverage_v1", Path.Combine(folder, "epoch_coverage.json"));
        var record = Json(Path.Combine(folder, "ONE", "run_record.json"));
        AssertContract("crucible_coverage_v1", _folder.Under(".assay", record["run_root"]!.GetValue<string>(), "crucible_coverage.json"));
        Assert.Equal(0, (await Assay("verify")).ExitCode);
    }

    [Theory]
    [InlineData("COVERAGE", "exit 0", "exit 1", "FAIL", 1)]
    [InlineData("COVERAGE", "exit 0", "exit 0", "PASS", 0)]
    [InlineData("COVERAGE_SEED", "exit 0", "exit 1", "OPERATIONAL", 0)]
    [InlineData("COVERAGE_SEED", "exit 1", "exit 1", "NOT_OPERATIONAL", 1)]
    [InlineData("GOVERNANCE", "exit 1", "exit 1", "COMPLETE", 0)]
    [InlineData("PARADOX", "exit 0", "exit 1", "COMPLETE", 0)]
    public async Task Each_profile_gives_its_verdict(string profile, string one, string two, string verdict, int exitCode)
    {
        Builder.Plan["epoch_profile"] = profile;
        Builder.Add("ONE", one).Add("TWO", two);
        var run = await Run("--json");
        Assert.Equal((exitCode, verdict), (run.ExitCode, JsonNode.Parse(run.Output)!["epoch_verdict"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_milestone_that_fails_spoils_any_verdict()
    {
        Builder.Plan["epoch_profile"] = "COVERAGE_SEED";
        Builder.Plan["required_milestones"] = new JsonArray("TWO");
        Builder.Add("ONE", "exit 0").Add("TWO", "exit 1");
        var run = await Run("--json");
        Assert.Equal((1, "NOT_OPERATIONAL"), (run.ExitCode, JsonNode.Parse(run.Output)!["epoch_verdict"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_stop_condition_leaves_the_rest_not_run()
    {
        Builder.Plan["stop_conditions"] = new JsonObject { ["max_failures"] = 0 };
        Builder.Add("ONE", "exit 1").Add("TWO", "exit 0");
        var summary = JsonNode.Parse((await Run("--json")).Output)!;
        Assert.Equal(["FAIL_CLOSED", "NOT_RUN"], summary["runs"]!.AsArray().Select(r => r!["outcome"]!.GetValue<string>()));
        Assert.Equal((2, "max_failures"), (summary["crucibles_total"]!.GetValue<int>(), summary["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task The_epochs_own_wall_clock_ends_it_with_exit_code_4()
    {
        Builder.Plan["budgets"]!["epoch_wall_clock_ms"] = 4_000;
        Builder.Add("ONE", "sleep 60").Add("TWO", "exit 0");
        var run = await Run("--json");
        Assert.Equal(4, run.ExitCode);
        var runs = JsonNode.Parse(run.Output)!["runs"]!.AsArray();
        Assert.Contains("epoch_timeout", runs[0]!["notes"]!.AsArray().Select(n => n!.GetValue<string>()));
        Assert.Equal("NOT_RUN", runs[1]!["outcome"]!.GetValue<string>());
        AssertContract("run_record_v1", Path.Combine(Epochs, "EPOCH_TEST", "ONE", "run_record.json"));
    }

    [Theory]
    [InlineData("$COVERAGE; echo '[{\"outcome\":\"PASS\"}]'", 0, "")]
    [InlineData("echo '[{\"outcome\":\"PASS\"}]'", 3, "missing_coverage")]
    [InlineData("echo '{' > crucible_coverage.json; echo '[{\"outcome\":\"PASS\"}]'", 3, "coverage_invalid")]
    [InlineData("ln -s /etc/passwd crucible_coverage.json; echo '[{\"outcome\":\"PASS\"}]'", 3, "coverage_invalid")]
    [InlineData("$COVERAGE; echo '[{\"outcome\":\"PASS\",\"run_id\":\"0000000000000000\"}]'", 3, "run_id_mismatch")]
    [InlineData("cd /; rm -r \"$ASSAY_RUN_ROOT\"; echo '[{\"outcome\":\"PASS\"}]'", 3, "missing_run_root")]
    [InlineData("$COVERAGE; echo '[{\"outcome\":\"REFUSE\"}]'", 1, "runner_outcome:REFUSE")]
    [InlineData("$COVERAGE; echo 'no json'", 1, "runner_output_invalid")]
    [InlineData("$COVERAGE; echo '[]'", 1, "runner_output_invalid")]
    [InlineData("exit 3", 1, "exit_code:3")]
    public async Task The_runner_protocol_is_held_to(string script, int exitCode, string note)
    {
        const string coverage = "printf '{\"schema_version\":\"crucible_coverage_v1\",\"run_id\":\"%s\",\"kernel_target\":\"TARGET\",\"observed\":"
            + "{\"domains\":[\"d\"],\"subdomains\":[],\"tools\":[],\"counts\":{\"n\":2}},\"sequence\":[]}' \"$ASSAY_RUN_ID\" > crucible_coverage.json";
        Builder.Plan["runner_config"] = new JsonObject { ["template_id"] = "C019_RUNNER_V1" };

        // In the cage nobody can take away the ground that he stands on.
        var level = note == "missing_run_root" ? "none" : "strict";
        Builder.Add("ONE", script.Replace("$COVERAGE", coverage, StringComparison.Ordinal), c => c["sandbox"] = level);
        var run = await Run("--json");
        Assert.True(run.ExitCode == exitCode, $"{run.ExitCode} {run.Output} {run.Error}");
        Assert.Contains(note, run.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Assay("verify")).ExitCode);
    }

    [Fact]
    public async Task A_stale_coverage_file_from_an_earlier_run_satisfies_nothing()
    {
        Builder.Plan["runner_config"] = new JsonObject { ["template_id"] = "C019_RUNNER_V1" };
        Builder.Add("ONE", "echo '[{\"outcome\":\"PASS\"}]'");
        Assert.Equal(3, (await Run()).ExitCode);
        var root = Json(Path.Combine(Epochs, "EPOCH_TEST", "ONE", "run_record.json"))["run_root"]!.GetValue<string>();
        await File.WriteAllTextAsync(_folder.Under(".assay", root, "crucible_coverage.json"), "{}");
        Assert.Equal(3, (await Run()).ExitCode);
        Assert.EndsWith(".2", Json(Path.Combine(Epochs, "EPOCH_TEST_RUN2", "ONE", "run_record.json"))["run_root"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_has_run_is_bumped_or_refused_and_never_touched()
    {
        Builder.Add("ONE", "exit 0");
        await Run();
        var before = await File.ReadAllBytesAsync(Path.Combine(Epochs, "EPOCH_TEST", "ONE", "run_record.json"));
        var refused = await Run("--no-auto-bump");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("epoch_exists", refused.Error, StringComparison.Ordinal);
        Assert.Contains("EPOCH_TEST_RUN2", (await Run()).Output, StringComparison.Ordinal);
        Assert.Contains("EPOCH_TEST_RUN3", (await Run()).Output, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(Epochs, "EPOCH_TEST", "ONE", "run_record.json")));
    }

    [Fact]
    public async Task A_folder_that_the_ledger_does_not_know_is_left_alone()
    {
        Builder.Add("ONE", "exit 0");
        Directory.CreateDirectory(Path.Combine(Epochs, "EPOCH_TEST"));
        Assert.Contains("EPOCH_TEST_RUN2", (await Run()).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Epochs, "EPOCH_TEST")));
    }

    [Fact]
    public async Task Two_starts_of_one_plan_at_once_give_two_epochs()
    {
        Builder.Add("ONE", "sleep 0.2");
        var path = Builder.Write();
        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AssayProgram.RunAsync(_folder.Path, "epoch", "run", path)));
        Assert.All(runs, r => Assert.True(r.ExitCode == 0, r.Error));
        Assert.Equal(4, Directory.GetDirectories(Epochs).Length);
        Assert.Equal(0, (await Assay("verify")).ExitCode);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_children_records_it_and_a_resume_goes_on()
    {
        Builder.Add("ONE", "echo done").Add("TWO", "echo $$ > pid; sleep 30", c => c["retry_safe"] = true).Add("THREE", "exit 0");
        var path = Builder.Write();
        using var process = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", path], _folder.Path);
        await Until(() => Directory.Exists(Path.Combine(Epochs, "EPOCH_TEST", "TWO")));
        AssayProgram.Terminate(process);
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        AssertContract("epoch_summary_v1", Path.Combine(Epochs, "EPOCH_TEST", "epoch_summary.json"));
        Assert.Contains("\"cancelled\"", await File.ReadAllTextAsync(Path.Combine(Epochs, "EPOCH_TEST", "epoch_summary.json")), StringComparison.Ordinal);

        // What may safely be repeated begins again, with output files of its own.
        var resumed = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", path, "--resume"], _folder.Path);
        await Until(() => File.Exists(Path.Combine(Epochs, "EPOCH_TEST", "TWO", "stdout.2.json")));
        resumed.Kill();
        await resumed.WaitForExitAsync();
        Assert.Equal(0, (await Assay("verify")).ExitCode);
    }

    [Fact]
    public async Task A_resume_keeps_what_is_complete_and_counts_it_as_it_was()
    {
        Builder.Add("ONE", "exit 0").Add("TWO", "test -e $FLAG || sleep 30", c =>
        {
            c["retry_safe"] = true;
            c["sandbox"] = "none";
        });
        Builder.Plan["env"] = new JsonArray("FLAG");
        var path = Builder.Write();
        var flag = new Dictionary<string, string>(StringComparer.Ordinal) { ["FLAG"] = _folder.Under("flag") };
        using var process = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", path], _folder.Path, flag);
        await Until(() => Directory.Exists(Path.Combine(Epochs, "EPOCH_TEST", "TWO")));
        process.Kill();
        await process.WaitForExitAsync();
        await File.WriteAllTextAsync(_folder.Under("flag"), "");
        var run = await AssayProgram.RunAsync(AssayProgram.Program, ["epoch", "run", path, "--resume", "--json"], _folder.Path, flag, TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == 0, run.Error);
        var runs = JsonNode.Parse(run.Output)!["runs"]!.AsArray();
        Assert.Equal(("PASS", "SKIPPED_RESUME"), (runs[0]!["outcome"]!.GetValue<string>(), runs[0]!["notes"]![0]!.GetValue<string>()));
        Assert.Equal("PASS", runs[1]!["outcome"]!.GetValue<string>());
        Assert.Equal(2, Json(Path.Combine(Epochs, "EPOCH_TEST", "TWO", "run_record.json"))["attempt"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_resume_of_a_changed_plan_is_refused()
    {
        Builder.Add("ONE", "sleep 30");
        var path = Builder.Write();
        using var process = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", path], _folder.Path);
        await Until(() => Directory.Exists(Path.Combine(Epochs, "EPOCH_TEST", "ONE")));
        var busy = await Run("--resume");
        Assert.Equal(2, busy.ExitCode);
        Assert.Contains("busy", busy.Error, StringComparison.Ordinal);
        process.Kill();
        await process.WaitForExitAsync();
        Builder.Plan["seed"] = 8;
        var refused = await Run("--resume");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("plan_changed", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Salvage_collects_what_failed_crucibles_left()
    {
        Builder.Add("ONE", "echo part > result.txt; exit 1").Add("TWO", "exit 0");
        var run = await Run("--mode", "salvage", "--json");
        Assert.Equal((1, "FAIL"), (run.ExitCode, JsonNode.Parse(run.Output)!["epoch_verdict"]!.GetValue<string>()));
        var manifest = Path.Combine(Epochs, "EPOCH_TEST", "salvage", "salvage_manifest.json");
        AssertContract("salvage_manifest_v1", manifest);
        var file = Json(manifest)["files"]!.AsArray().Single(f => f!["file"]!.GetValue<string>().EndsWith("result.txt", StringComparison.Ordinal))!;
        Assert.True(file["usable"]!.GetValue<bool>());
        Assert.Equal("part\n", await File.ReadAllTextAsync(Path.Combine(Epochs, "EPOCH_TEST", "salvage", file["file"]!.GetValue<string>())));
    }

    [Fact]
    public async Task Inputs_are_copied_and_one_that_the_run_changes_fails_it()
    {
        Directory.CreateDirectory(_folder.Under("plan"));
        await File.WriteAllTextAsync(_folder.Under("plan", "cases.txt"), "data\n");
        void WithInput(JsonObject c) => c["input"] = new JsonObject { ["files"] = new JsonArray("cases.txt") };
        Builder.Add("ONE", "cmp inputs/cases.txt - <<X\ndata\nX", WithInput).Add("TWO", "chmod u+w inputs/cases.txt; echo x > inputs/cases.txt", WithInput);
        var runs = JsonNode.Parse((await Run("--json")).Output)!["runs"]!.AsArray();
        Assert.Equal("PASS", runs[0]!["outcome"]!.GetValue<string>());
        Assert.Equal("input_changed:cases.txt", runs[1]!["notes"]![0]!.GetValue<string>());
        Assert.Equal("data\n", await File.ReadAllTextAsync(_folder.Under("plan", "cases.txt")));
    }

    [Fact]
    public async Task Jobs_run_side_by_side_and_the_summary_keeps_the_plans_order()
    {
        for (var i = 0; i < 6; i++) Builder.Add($"C{i}", $"sleep 0.{6 - i}");
        var runs = JsonNode.Parse((await Run("--jobs", "6", "--json")).Output)!["runs"]!.AsArray();
        Assert.Equal(["C0", "C1", "C2", "C3", "C4", "C5"], runs.Select(r => r!["crucible_id"]!.GetValue<string>()));
        Assert.All(runs, r => Assert.Equal("PASS", r!["outcome"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Each_crucible_that_ends_has_a_number_of_its_own()
    {
        for (var i = 0; i < 6; i++) Builder.Add($"C{i}", "true");
        var told = (await Run("--jobs", "6")).Error.Split('\n').Where(l => l.Contains(": PASS", StringComparison.Ordinal)).Select(l => l[l.LastIndexOf('[')..]);
        Assert.Equal(["[1/6]", "[2/6]", "[3/6]", "[4/6]", "[5/6]", "[6/6]"], told);
    }

    [Fact]
    public async Task What_failed_is_shown_with_its_last_words_and_where_the_evidence_lies()
    {
        Builder.Add("ONE", "printf 'first\\nno such\\033[2J thing\\n\\n' >&2; exit 127").Add("TWO", "true");
        var run = await Run();
        var shown = await Assay("epoch", "show", "EPOCH_TEST");
        const string told = "ONE: no such\uFFFD[2J thing\nEvidence: .assay/epochs/EPOCH_TEST\n";
        Assert.EndsWith(told, run.Error, StringComparison.Ordinal);
        Assert.Equal(told, shown.Error);
        Assert.Equal("", (await Assay("epoch", "show", "EPOCH_TEST", "--json")).Error);
        Assert.Matches("^1 stream, \\d+ events, \\d+ files: all agree\n$", (await Assay("verify")).Output);
    }

    [Fact]
    public async Task That_an_id_is_taken_is_said_before_anything_runs()
    {
        Builder.Add("ONE", "true");
        Assert.Equal(0, (await Run()).ExitCode);
        var lines = (await Run()).Error.Split('\n');
        Assert.Equal(("EPOCH_TEST has run already; this is EPOCH_TEST_RUN2", "ONE: started"), (lines[0], lines[1]));
    }

    [Fact]
    public async Task A_resume_of_what_has_its_verdict_says_that_nothing_was_run()
    {
        const string said = "EPOCH_TEST has its verdict already; nothing was run\n";
        Builder.Add("ONE", "true");
        Assert.DoesNotContain(said, (await Run("--resume")).Error, StringComparison.Ordinal);
        var again = await Run("--resume");
        Assert.Equal(0, again.ExitCode);
        Assert.StartsWith(said, again.Error, StringComparison.Ordinal);
        Assert.Equal(said, (await Run("--resume", "--json")).Error.Split("Evidence")[0]);
    }

    [Fact]
    public async Task A_full_disk_is_one_clear_error_and_nothing_is_left_running()
    {
        var mount = _folder.Under("small");
        Directory.CreateDirectory(mount);
        var mounted = await AssayProgram.RunAsync("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", mount], null, null, TimeSpan.FromSeconds(10));
        if (mounted.ExitCode != 0) Assert.Skip("mounting a small disk needs root");
        try
        {
            Builder.Add("ONE", "head -c 20000000 /dev/zero", c => c["budgets"] = new JsonObject { ["stdout_max_bytes"] = 50_000_000 });
            var run = await Run("--workspace", Path.Combine(mount, "w"));
            Assert.True(run.ExitCode is 1 or 3, $"{run.ExitCode} {run.Output} {run.Error}");
            Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
            Assert.True((run.Output + run.Error).Contains("CAPTURE_FAILED", StringComparison.Ordinal) || run.Error.Contains("full", StringComparison.Ordinal), run.Output + run.Error);
        }
        finally
        {
            await AssayProgram.RunAsync("/bin/umount", ["-l", mount], null, null, TimeSpan.FromSeconds(10));
        }
    }

    private Task<ProgramResult> Run(params string[] more) => AssayProgram.RunAsync(_folder.Path, ["epoch", "run", Builder.Write(), .. more]);

    private Task<ProgramResult> Assay(params string[] arguments) => AssayProgram.RunAsync(_folder.Path, arguments);

    private static JsonNode Json(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    private static void AssertContract(string version, string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        Assert.Empty(ContractCatalog.Validate(version, document.RootElement));
    }

    private static async Task Until(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition()) await Task.Delay(10, deadline.Token);
    }
}
