using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Assay.Tests.Cage;

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
        using var folder = JobFolder.Strict().Before(
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
    [InlineData("[ -z \"${ASSAY_STAGE_METER:-}\" ]", true)]
    public async Task What_a_judge_says_beside_its_answer_is_told_nowhere(string line, bool answers)
    {
        var lines = line.Replace("{0}", Figure, StringComparison.Ordinal);
        using var folder = JobFolder.Strict().Before($"if [ $ASSAY_STAGE = holdout ]; then\n{lines}\nfi").Write();
        var id = await folder.SubmitAndRunAsync();
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

    [Theory]
    [InlineData("holdout", false)]
    [InlineData("gates", true)]
    public async Task A_judge_reaches_no_listener_outside_though_its_gates_may(string stage, bool reaches)
    {
        if (CageHosts.Missing(CageHosts.Root) is { } missing) Assert.Skip(missing);
        using var outside = new TcpListener(IPAddress.Loopback, 0);
        outside.Start();
        var reached = AnswerAsync(outside);
        var there = outside.LocalEndpoint.ToString()!;
        var ask = $"perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => q({there}), Timeout => 2) or exit; print {{$s}} qq(HELLO\n); <$s>'";
        using var folder = JobFolder.Strict().Before($"if [ $ASSAY_STAGE = {stage} ]; then {ask}; fi");
        (folder.Components["gates"]!["sandbox"], folder.Components["gates"]!["hosts"]) = ("confined", new JsonArray(there));
        folder.Write();
        await DoneAsync(folder);
        Assert.Equal(reaches, reached.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_judge_that_nothing_would_hold_is_refused_with_the_way_out()
    {
        using var folder = new JobFolder();
        folder.Components["gates"]!["sandbox"] = "none";
        var refused = await SubmitRefusedAsync(folder);
        Assert.Matches(@"components\.json:\d+:\d+: /components/gates/sandbox: none would let .*: say strict or confined, or remove holdout_command \[holdout_command\]", refused);
    }

    [Fact]
    public async Task What_is_wrong_with_the_gates_is_told_once_though_their_judge_has_it_too()
    {
        using var folder = JobFolder.Strict();
        folder.Components["gates"]!["files"] = new JsonArray("absent.txt");
        folder.Components["gates"]!["reads"] = new JsonArray("nowhere");
        var refused = await SubmitRefusedAsync(folder);
        Assert.Equal(2, refused.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task A_judge_that_gave_no_answer_is_told_with_the_file_to_look_at_and_nothing_of_what_stands_there()
    {
        using var folder = JobFolder.Strict().Before($"if [ $ASSAY_STAGE = holdout ]; then echo {Figure} >&2; exit 77; fi").Write();
        var id = await folder.SubmitAndRunAsync();
        var told = folder.Lines(id)[^1];
        var file = $"jobs/{id}/sealed/holdout.stderr.log";
        Assert.Contains(file, told, StringComparison.Ordinal);
        Assert.Equal(Figure, (await File.ReadAllTextAsync(folder.Under(".assay", file))).Trim());
        Assert.DoesNotContain("exit code", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gates_that_judge_a_hold_out_themselves_are_refused()
    {
        const string judging = """{"schema_version":"gate_results_v1","gates":[{"gate_id":"mine","status":"PASS","metric":"sharpe","operator":">=","threshold":0.5,"segment_id":"held"}]}""";
        using var folder = JobFolder.Strict().Before($"if [ $ASSAY_STAGE = gates ]; then echo '{judging}' > gate_results.json; exit 0; fi").Write();
        var id = await folder.SubmitAndRunAsync();
        Assert.Contains("\"rule\":\"holdout_leak\"", folder.Lines(id)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nothing_may_judge_stops_before_anything_runs_and_only_gates_have_a_judge()
    {
        using var folder = JobFolder.Strict();
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

    private static async Task AnswerAsync(TcpListener outside)
    {
        using var client = await outside.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync("hello\n"u8.ToArray(), TestContext.Current.CancellationToken);
    }

    private static async Task<string> SubmitRefusedAsync(JobFolder folder)
    {
        folder.Write();
        var refused = await folder.RunAsync("job", "submit-blueprint", "blueprint.json", "--snapshot", "s", "--policy-bundle", "policies.json");
        Assert.True(refused.ExitCode == 2, $"{refused.ExitCode} {refused.Error}");
        return refused.Error;
    }

    private static async Task<string> DoneAsync(JobFolder folder)
    {
        var id = await folder.SubmitAndRunAsync();
        var show = await folder.RunAsync("job", "show", id);
        Assert.True(show.ExitCode == 0, show.Output + string.Join('\n', folder.Lines(id)) + Stderr(folder, id));
        return id;
    }

    private static string Stderr(JobFolder folder, string id) => string.Concat(
        Directory.EnumerateFiles(folder.Under(".assay", "jobs", id), "*.stderr.log", SearchOption.AllDirectories).Select(f => f + File.ReadAllText(f)));
}
