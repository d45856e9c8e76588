using Assay.Kernel.Lanes;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;
using Assay.Server.Pages.Shared;
using Assay.Server.Pages.Tasks;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Assay.Tests;

/// <summary>The parts that all lanes' pages have in common.</summary>
public sealed class ListTests
{
    [Fact]
    public async Task Without_scripts_a_list_is_ordered_filtered_and_paged_and_says_what_to_do_when_it_is_empty()
    {
        await using var served = await ServedFolder.StartAsync();
        await using var browser = await Browser.LaunchAsync();
        var page = await browser.OpenAsync(served.Url, javaScript: false);
        await page.GotoAsync("/ui/jobs");
        await Expect(page.Locator(".empty")).ToContainTextAsync("assay job submit-blueprint");
        await using var others = await RecordedRun.OpenAsync(served.Folder.Under(".assay"));
        var ids = Enumerable.Range(0, 53).Select(i => $"{i:x12}").ToList();
        await others.CommitAsync([.. ids.Select(Job)]);

        await page.GotoAsync("/ui/jobs");
        Assert.Equal(Enumerable.Reverse(ids).Take(50), await IdsAsync(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "Older jobs" }).ClickAsync();
        Assert.Equal(Enumerable.Reverse(ids).Skip(50), await IdsAsync(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "Submitted", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Submitted" })).ToHaveAttributeAsync("aria-sort", "ascending");
        Assert.Equal(ids.Take(50), await IdsAsync(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "Newer jobs" }).ClickAsync();
        Assert.Equal(ids.Skip(50), await IdsAsync(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "blueprint submitted 53" }).ClickAsync();
        Assert.Equal(ids.Take(50), await IdsAsync(page));
        await Browser.ShotAsync(page, "list-noscript");
        await page.GetByRole(AriaRole.Link, new() { Name = "Submitted", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Submitted" })).ToHaveAttributeAsync("aria-sort", "descending");

        await page.GotoAsync("/ui/jobs?state=DONE");
        await Expect(page.Locator(".empty")).ToContainTextAsync("No job is in this state");
        await page.GetByRole(AriaRole.Link, new() { Name = "Show all" }).ClickAsync();
        await Expect(page.Locator("table.list tbody tr")).ToHaveCountAsync(50);
        foreach (var bad in new[] { "sort=title", "state=NONE", "cursor=x" })
        {
            Assert.Equal(400, (await page.GotoAsync($"/ui/jobs?{bad}"))!.Status);
        }
    }

    [Fact]
    public void Tasks_are_ordered_filtered_and_paged_each_once()
    {
        var run = new RunView
        {
            RunId = "night",
            State = "RUNNING",
            ProjectRoot = "/project",
            Adapters = [],
            Counts = [("PENDING", 100), ("FAILED", 150)],
            Tasks = [.. Enumerable.Range(0, 250).Select(i => Row($"t{i}", $"{(i * 7) % 250:000}", i < 100 ? "PENDING" : "FAILED"))],
        };
        var all = new ListAddress("/ui/tasks/night");
        Assert.Equal(run.Tasks.Select(t => t.TaskId), Walk(run, all).Select(t => t.TaskId));
        var down = all.SortedBy("title").SortedBy("title");
        Assert.Equal(run.Tasks.Select(t => t.Title).OrderDescending(), Walk(run, down).Select(t => t.Title));
        var failed = Walk(run, down.Filtered("FAILED"));
        Assert.Equal((150, "FAILED"), (failed.Count, failed.Select(t => t.State).Distinct().Single()));
        Assert.Null(TaskList.Page(run, all with { Cursor = "none" }));
        Assert.Null(TaskList.Page(run, all with { Sort = "none" }));
        Assert.Empty(TaskList.Page(run, all.Filtered("COMPLETED"))!.Rows);
    }

    [Fact]
    public async Task A_digest_is_copied_with_its_button_and_is_there_whole_without_a_script()
    {
        await using var served = await ServedFolder.StartAsync();
        await using var browser = await Browser.LaunchAsync();
        var (id, shown) = await served.WaitingAsync();
        var page = await browser.OpenAsync(served.Url);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync($"/ui/jobs/{id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the digest of runspec" }).ClickAsync();
        await Expect(page.Locator("button.copy", new() { HasText = "Copied" })).ToBeVisibleAsync();
        Assert.Equal(shown, await page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        var plain = await browser.OpenAsync(served.Url, javaScript: false);
        await plain.GotoAsync($"/ui/jobs/{id}");
        await Expect(plain.Locator("button.copy").First).ToBeHiddenAsync();
        await Expect(plain.Locator(".digest code").Filter(new() { HasText = shown }).First).ToBeVisibleAsync();
    }

    /// <summary>A row of the table of jobs, submitted later the greater its id is.</summary>
    private static LaneRow Job(string id) => new(
        JobTables.Jobs, id, "blueprint", $"Job {id}", "BLUEPRINT_SUBMITTED", "compile", null, null, null, id, null, 0L, "s", "p", 0L, 0L,
        "ada", $"2026-11-21T11:{Convert.ToInt32(id, 16):00}:54.001200Z", "2026-11-21T12:25:54.001200Z", null);

    private static async Task<IReadOnlyList<string>> IdsAsync(IPage page) => await page.Locator("table.list tbody th").AllInnerTextsAsync();

    private static List<TaskSummary> Walk(RunView run, ListAddress address)
    {
        var rows = new List<TaskSummary>();
        for (var at = address; ;)
        {
            var page = TaskList.Page(run, at)!;
            rows.AddRange(page.Rows);
            if (page.Next is not { } next) return rows;
            at = address.From(next);
        }
    }

    private static TaskSummary Row(string id, string title, string state) => new()
    {
        TaskId = id,
        Title = title,
        State = state,
        HasEnded = false,
        WaitsForPerson = false,
        BrokePolicy = false,
        Attempts = 0,
        Tests = 0,
        TestsPassed = 0,
    };
}
