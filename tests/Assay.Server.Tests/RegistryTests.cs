using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Assay.Tests;

/// <summary>Registry, trades and last words in the API and on pages.</summary>
public sealed class RegistryTests
{
    private const string Figure = "0.7654321";

    private static readonly Action<JobFolder> Trading = folder => folder.WriteScript(File.ReadAllText(folder.Under("stage.sh")).Replace(
        "echo month > segments/walk/trades.csv",
        "printf 'month,side,note\\n2003-01,buy,\"a, \"\"b\"\"\"\\n2003-02,sell\\n' > segments/walk/trades.csv", StringComparison.Ordinal));

    [Fact]
    public async Task The_registry_is_read_page_by_page_narrowed_and_shown()
    {
        await using var served = await ServedFolder.StartAsync();
        Assert.Equal("""{"items":[],"next_cursor":null}""", (await served.GetAsync("/registry")).ToJsonString());
        var job = await served.DoneAsync();
        served.Folder.Blueprint["title"] = "Another";
        await served.DoneAsync();
        var first = await served.GetAsync("/registry?limit=1");
        Assert.Equal(2, (int)first["items"]![0]!["trial"]!);
        var second = await served.GetAsync($"/registry?limit=1&cursor={(string)first["next_cursor"]!}");
        Assert.Equal((job, null), ((string)second["items"]![0]!["job_id"]!, (string?)second["next_cursor"]));
        Assert.Equal(1, (int)(await served.GetAsync("/registry?sort=recorded"))["items"]![0]!["trial"]!);
        Assert.Empty((await served.GetAsync("/registry?verdict=FAIL"))["items"]!.AsArray());
        var trial = await served.GetAsync("/registry/1");
        Assert.Equal("card", (string)trial["card"]!["title"]!);

        // Both jobs have the same run, and so the same card: it leads to the trial that has it last.
        var latest = await served.GetAsync($"/registry/{(string)trial["trial"]!["card_id"]!}");
        Assert.Equal((2, "card"), ((int)latest["trial"]!["trial"]!, (string)latest["card"]!["title"]!));
        Assert.Equal(404, (int)(await served.Anonymous.GetAsync("/registry/77")).StatusCode);
        foreach (var bad in new[] { "verdict=MAYBE", "sort=title", "cursor=x", "limit=0" })
        {
            Assert.Equal(400, (int)(await served.Anonymous.GetAsync($"/registry?{bad}")).StatusCode);
        }
    }

    [Fact]
    public async Task A_person_goes_from_the_registry_to_a_card_and_to_the_trades_of_its_run()
    {
        await using var served = await ServedFolder.StartAsync(change: Trading);
        await using var browser = await Browser.LaunchAsync();
        var page = await browser.OpenAsync(served.Url, javaScript: false);
        await page.GotoAsync("/ui/registry");
        await Expect(page.Locator(".empty")).ToContainTextAsync("No run has been judged here");
        await served.DoneAsync();
        await page.GotoAsync("/ui/jobs");
        await page.GetByRole(AriaRole.Link, new() { Name = "Registry" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "PASS 1" }).ClickAsync();
        await page.Locator("table.list tbody th a").ClickAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync("\"title\": \"card\"");
        await PageChecks.FitsAndIsLegibleAsync(page, page.Url);
        await page.Locator(".facts a[href^='/ui/runs/']").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Table, new() { Name = "Trades" }).Locator("tbody tr")).ToHaveCountAsync(2);
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "a, \"b\"" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "held (held out)" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Trades" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Trades_are_given_of_a_segment_and_never_of_a_hold_out()
    {
        await using var served = await ServedFolder.StartAsync(change: Trading);
        var job = await served.DoneAsync();
        var run = (string)(await served.GetAsync($"/jobs/{job}"))["job"]!["run_id"]!;
        var trades = await served.GetAsync($"/runs/{run}/segments/walk/trades");
        var expected = JsonNode.Parse("""
            {"columns":["month","side","note"],"rows":[["2003-01","buy","a, \"b\""],["2003-02","sell"]],"total":2}
            """);
        Assert.True(JsonNode.DeepEquals(expected, trades), trades.ToJsonString());
        foreach (var path in new[] { $"{run}/segments/held", run, $"{run}/segments/none", "0123456789ab" })
        {
            Assert.Equal(404, (int)(await served.Anonymous.GetAsync($"/runs/{path}/trades")).StatusCode);
        }
    }

    [Fact]
    public async Task A_run_without_segments_has_its_trades_too()
    {
        await using var served = await ServedFolder.StartAsync(change: folder => folder.WriteScript(
            """
            #!/bin/sh
            cd "$ASSAY_STAGE_OUTPUT"
            case $ASSAY_STAGE in
              compile) echo '{"schema_version":"runspec_v1","strategy":{}}' > runspec.json ;;
              run) echo '{"schema_version":"metrics_v1","metrics":{}}' > metrics.json; printf 'month\n2003-01\n' > trades.csv ;;
              gates) echo '{"schema_version":"gate_results_v1","gates":[]}' > gate_results.json ;;
            esac
            """));
        var job = await served.DoneAsync();
        var run = (string)(await served.GetAsync($"/jobs/{job}"))["job"]!["run_id"]!;
        Assert.Equal("""[["2003-01"]]""", (await served.GetAsync($"/runs/{run}/trades"))["rows"]!.ToJsonString());
        Assert.Contains("2003-01", await served.Anonymous.GetStringAsync($"/ui/runs/{run}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_words_of_a_failed_stage_stand_in_the_API_and_on_its_page()
    {
        await using var served = await ServedFolder.StartAsync(change: folder => folder.Before("echo 'no <b>prices</b>' >&2; exit 3"));
        var answer = await served.PostAsync($"/jobs/blueprint?snapshot_id={JobFolder.Snapshot}", served.Folder.Blueprint.ToJsonString());
        var id = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["job_id"]!;
        await served.Folder.WorkAsync();
        Assert.Equal("no <b>prices</b>", (string)(await served.GetAsync($"/jobs/{id}"))["failure"]!["stderr"]![0]!);
        Assert.Contains("no &lt;b&gt;prices&lt;/b&gt;", await served.Anonymous.GetStringAsync($"/ui/jobs/{id}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("holdout")]
    public async Task What_a_stage_wrote_that_saw_a_hold_out_is_in_no_answer(string stage)
    {
        await using var served = await ServedFolder.StartAsync(
            change: folder => folder.Before($"if [ $ASSAY_STAGE = {stage} ]; then echo {Figure} >&2; exit 3; fi"));
        var id = await served.DoneAsync();
        var job = await served.GetAsync($"/jobs/{id}");
        Assert.Equal(("ERROR", stage), ((string)job["job"]!["state"]!, (string)job["failure"]!["stage"]!));
        var runs = Directory.GetDirectories(served.Folder.Under(".assay", "run_roots")).Select(Path.GetFileName);
        string[] paths =
        [
            $"/jobs/{id}", $"/ui/jobs/{id}", $"/jobs/{id}/events", "/registry", "/ui/registry",
            .. runs.SelectMany(r => (string[])[$"/runs/{r}", $"/ui/runs/{r}"]),
        ];
        foreach (var path in paths)
        {
            using var answer = await served.Anonymous.GetAsync(path);
            Assert.DoesNotContain(Figure, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }
}
