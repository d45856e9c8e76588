using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>A hold-out leaves by nothing but pass, fail and what the policy permits, whatever its judge and the other gates try.</summary>
public sealed class HoldoutTests
{
    /// <summary>The figure of the hold-out, which stands nowhere else.</summary>
    private const string Figure = "0.7654321";

    /// <summary>What may be shown of it, but not to a stage.</summary>
    private const string Permitted = "\"months\":15";

    [Fact]
    public async Task No_stage_but_its_judge_finds_anything_of_a_hold_out()
    {
        using var folder = Strict().Before(
            $"""
            if [ "$ASSAY_STAGE" != run ] && [ "$ASSAY_STAGE" != holdout ]; then
              if grep -rlE '{Figure}|{Permitted}' "$PWD/.." "$ASSAY_JOB_DIR" >&2; then echo "$ASSAY_STAGE sees it" >&2; exit 9; fi
              if ls -d "$PWD/../inputs/dossier/segments/held" >&2 2> /dev/null; then exit 9; fi
            fi
            if [ "$ASSAY_STAGE" = gates ]; then grep -q '"walk"' "$PWD/../inputs/dossier/segments_summary.json"; fi
            """).Write();
        var id = await DoneAsync(folder);
        Assert.Equal("PASS", (string)(await folder.ShowAsync(id))["job"]!["verdict"]!);
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
        var told = await File.ReadAllTextAsync(folder.Under(".assay", "jobs", id, "outputs", "holdout_results.json"));
        Assert.Equal("""{"gates":[{"gate_id":"held","segment_id":"held","status":"PASS"}],"schema_version":"holdout_results_v1"}""", told);
    }

    [Theory]
    [InlineData("echo {0}; echo {0} >&2; exit 77", false)]
    [InlineData("echo '{\"cost_usd\": {0}}' >> \"$PWD/../meter.jsonl\"", true)]
    [InlineData("echo {0} > {0}.txt; mkdir ../{0}; echo {0} > ../inputs/leak", true)]
    [InlineData("kill -9 $$", false)]
    [InlineData("trap 'printf \"{\\\"schema_version\\\":\\\"holdout_results_v1\\\", \\\"gates\\\":[{\\\"gate_id\\\":\\\"{0}\\\",\\\"segment_id\\\":\\\"held\\\",\\\"status\\\":\\\"PASS\\\"}]}\" > holdout_results.json' EXIT", false)]
    [InlineData("perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(PeerAddr => q(127.0.0.1:53), Timeout => 1) ? 0 : 0)'; [ -z \"${ASSAY_STAGE_METER:-}\" ]", true)]
    public async Task What_a_judge_says_beside_its_answer_is_told_nowhere(string line, bool answers)
    {
        var lines = line.Replace("{0}", Figure, StringComparison.Ordinal);
        using var folder = Strict().Before($"if [ $ASSAY_STAGE = holdout ]; then\n{lines}\nfi").Write();
        var id = await SubmitAndRunAsync(folder);
        var show = await folder.RunAsync("job", "show", id, "--json");
        var job = JsonNode.Parse(show.Output)!;
        Assert.Equal(answers ? "DONE" : "ERROR", (string)job["job"]!["state"]!);
        var places = new List<string> { show.Output, (await folder.RunAsync("job", "show", id)).Output, (await folder.RunAsync("job", "list")).Output };
        var files = Directory.EnumerateFiles(folder.Under(".assay", "jobs", id), "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(folder.Under(".assay", "dossiers"), "*", SearchOption.AllDirectories).Where(f => !f.Contains("/held/", StringComparison.Ordinal)));
        places.AddRange(files.Where(f => !f.Contains("/sealed/", StringComparison.Ordinal)).Select(f => f + File.ReadAllText(f)));
        Assert.All(places, p => Assert.DoesNotContain(Figure, p, StringComparison.Ordinal));
        Assert.All(places, p => Assert.DoesNotContain("exit code", p, StringComparison.Ordinal));
        Assert.Equal(0, (await folder.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task Gates_that_judge_a_hold_out_themselves_are_refused()
    {
        const string judging = """{"schema_version":"gate_results_v1","gates":[{"gate_id":"mine","status":"PASS","metric":"sharpe","operator":">=","threshold":0.5,"segment_id":"held"}]}""";
        using var folder = Strict().Before($"if [ $ASSAY_STAGE = gates ]; then echo '{judging}' > gate_results.json; exit 0; fi").Write();
        var id = await SubmitAndRunAsync(folder);
        Assert.Contains("\"rule\":\"holdout_leak\"", folder.Lines(id)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nothing_may_judge_stops_before_anything_runs_and_only_gates_have_a_judge()
    {
        using var folder = Strict();
        folder.Components["gates"]!.AsObject().Remove("holdout_command");
        folder.Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        Assert.Equal(["BLUEPRINT_SUBMITTED", "ERROR"], folder.Types(id));
        Assert.Contains("no holdout_command", folder.Lines(id)[^1], StringComparison.Ordinal);

        folder.Components["gates"]!["holdout_command"] = new JsonArray("./stage.sh");
        folder.Write();
        Assert.Equal(0, (await folder.RunAsync("job", "retry", id, "--components", "components.json")).ExitCode);
        await folder.WorkAsync();
        Assert.Equal("RUNSPEC_COMPILED", folder.Types(id)[^2]);

        folder.Components["report"]!["holdout_command"] = new JsonArray("./stage.sh");
        folder.Blueprint["title"] = "Another";
        folder.Write();
        var refused = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("only the component gates judges hold-outs", refused.Error, StringComparison.Ordinal);
    }

    private static JobFolder Strict()
    {
        var folder = new JobFolder();
        foreach (var (_, component) in folder.Components) component!["sandbox"] = "strict";
        return folder;
    }

    private static async Task<string> SubmitAndRunAsync(JobFolder folder)
    {
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        await folder.ApproveAsync(id);
        await folder.WorkAsync();
        return id;
    }

    private static async Task<string> DoneAsync(JobFolder folder)
    {
        var id = await SubmitAndRunAsync(folder);
        var show = await folder.RunAsync("job", "show", id);
        Assert.True(show.ExitCode == 0, show.Output + string.Join('\n', folder.Lines(id)) + Stderr(folder, id));
        return id;
    }

    private static string Stderr(JobFolder folder, string id) => string.Concat(
        Directory.EnumerateFiles(folder.Under(".assay", "jobs", id), "*.stderr.log", SearchOption.AllDirectories).Select(f => f + File.ReadAllText(f)));
}
