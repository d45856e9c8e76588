using System.Text.Json.Nodes;

namespace Assay.Tests.Jobs;

/// <summary>What a failed stage wrote last stands where its error stands; of one that saw a hold-out nothing does.</summary>
public sealed class LastWordsTests
{
    private const string Figure = "0.7654321";

    [Fact]
    public async Task The_last_lines_of_a_failed_stage_stand_beside_its_error()
    {
        using var folder = JobFolder.Strict().Before("seq -f 'line %g' 1 30 >&2; exit 3").Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        var failure = (await folder.ShowAsync(id))["failure"]!;
        Assert.Equal(("compile", "exit_code"), ((string)failure["stage"]!, (string)failure["rule"]!));
        Assert.Equal(Enumerable.Range(21, 10).Select(i => $"line {i}"), failure["stderr"]!.AsArray().Select(l => (string)l!));
        var shown = (await folder.RunAsync("job", "show", id)).Output;
        Assert.Contains("The last that compile wrote to its standard error:\n  line 21\n", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("line 20", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_are_those_of_the_record_whatever_became_of_the_file()
    {
        using var folder = JobFolder.Strict().Before("echo true words >&2; exit 3").Write();
        var id = await folder.SubmitAsync();
        await folder.WorkAsync();
        await File.WriteAllTextAsync(folder.Under(".assay", "jobs", id, "logs", "compile.stderr.log"), "other words\n");
        Assert.Equal("true words", (string)(await folder.ShowAsync(id))["failure"]!["stderr"]![0]!);
    }

    [Fact]
    public async Task A_variable_that_its_component_names_is_not_among_them()
    {
        const string secret = "hunter2-hunter2";
        using var folder = JobFolder.Strict().Before("echo token $COUNT >&2; exit 3").Write();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["COUNT"] = secret };
        Task<ProgramResult> Run(params string[] words) =>
            AssayProgram.RunAsync(AssayProgram.Program, words, folder.Path, environment, TimeSpan.FromMinutes(1));
        var id = await folder.SubmitAsync();
        await Run("worker", "--run-jobs", "--once");
        var shown = await Run("job", "show", id);
        Assert.Contains("token [redacted]", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_without_hold_outs_shows_its_last_lines_and_one_with_them_nothing()
    {
        const string last = $"if [ $ASSAY_STAGE = run ]; then echo 'figure {Figure}' >&2; exit 3; fi";
        using var open = JobFolder.Strict().Before(last);
        var script = await File.ReadAllTextAsync(open.Under("stage.sh"));
        open.WriteScript(script.Replace(",{\"segment_id\":\"held\",\"holdout\":true}", "", StringComparison.Ordinal));
        var shown = await open.Write().SubmitAndRunAsync();
        Assert.Equal($"figure {Figure}", (string)(await open.ShowAsync(shown))["failure"]!["stderr"]![0]!);

        using var held = JobFolder.Strict().Before(last).Write();
        var hidden = await held.SubmitAndRunAsync();
        var failure = (await held.ShowAsync(hidden))["failure"]!;
        Assert.Equal(("run", null), ((string)failure["stage"]!, failure["stderr"]));
        Assert.DoesNotContain(Figure, (await held.RunAsync("job", "show", hidden)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_judges_hold_outs_leaves_no_last_words()
    {
        using var folder = JobFolder.Strict().Before($"if [ $ASSAY_STAGE = holdout ]; then echo {Figure} >&2; exit 3; fi").Write();
        var id = await folder.SubmitAndRunAsync();
        var failure = (JsonObject)(await folder.ShowAsync(id))["failure"]!;
        Assert.Equal(("holdout", false), ((string)failure["stage"]!, failure.ContainsKey("stderr")));
    }
}
