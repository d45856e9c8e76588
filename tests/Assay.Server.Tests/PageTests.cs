using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Assay.Tests;

/// <summary>The pages in a real browser.</summary>
public sealed class PageTests
{
    [Fact]
    public async Task A_person_submits_inspects_and_approves_through_all_checkpoints()
    {
        await using var served = await ServedFolder.StartAsync();
        await using var browser = await Browser.LaunchAsync();
        await using var worker = new Worker(served.Folder.Path);
        var page = await browser.OpenAsync(served.Url);

        await page.GotoAsync("/ui/jobs");
        await Expect(page.Locator(".empty")).ToContainTextAsync("No job has been submitted here");
        await Browser.ShotAsync(page, "jobs-empty");
        await page.GetByRole(AriaRole.Link, new() { Name = "Submit a blueprint or an idea" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in to submit" }).ClickAsync();
        await page.GetByLabel("Token", new() { Exact = true }).FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no token of this workspace");
        await page.GetByLabel("Token", new() { Exact = true }).FillAsync(served.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await page.GetByLabel("An idea: agents propose").CheckAsync();
        await page.GetByLabel("The document").FillAsync("schema_version: idea_spec_v1\ntitle: Bad");
        await page.GetByLabel("Data snapshot").FillAsync(JobFolder.Snapshot);
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("\"description\" is missing");
        await page.GetByLabel("The document").FillAsync("schema_version: idea_spec_v1\ntitle: An idea <i>from</i> the page\ndescription: Try it.\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("An idea <i>from</i> the page");

        // The page follows the job by itself: nobody loads it again.
        foreach (var step in new[] { "blueprint", "strategy_spec", "runspec", "trace_preview", "improvements" })
        {
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = $"Decide: {step}" })).ToBeVisibleAsync();
            if (step is "runspec" or "improvements") await Browser.ShotAsync(page, $"job-waits-{step}");
            await page.GetByLabel("Why it may go on").FillAsync($"{step} looks right");
            await page.GetByRole(AriaRole.Button, new() { Name = $"Approve {step}" }).ClickAsync();
        }

        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("done · gates PASS");
        await Expect(page.Locator(".events")).ToContainTextAsync("trace_preview looks right");
        await Expect(page.Locator(".events")).ToContainTextAsync("SPAWNED");
        await Expect(page.Locator(".tree a")).ToHaveCountAsync(2);
        await Expect(page.Locator(".report")).ToContainTextAsync("It was tried.");
        await Browser.ShotAsync(page, "job-done");

        await page.Locator(".facts a[href^='/ui/runs/']").ClickAsync();
        await Expect(page.Locator(".curve path.line")).ToBeVisibleAsync();
        await Browser.ShotAsync(page, "run-walk");
        await page.GetByRole(AriaRole.Link, new() { Name = "held (held out)" }).ClickAsync();
        await Expect(page.Locator(".holdout")).ToContainTextAsync("PASS");
        await Expect(page.Locator(".curve")).ToHaveCountAsync(0);
        Assert.DoesNotContain("0.7654321", await page.ContentAsync(), StringComparison.Ordinal);
        await Browser.ShotAsync(page, "run-holdout");

        // The browser reports the two answers that refused; a breach of the content security policy would stand here too.
        Assert.DoesNotContain(browser.Complaints, c => !c.Contains("status of 40", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_scripts_a_document_is_rejected_replaced_compared_and_approved_by_keyboard()
    {
        await using var served = await ServedFolder.StartAsync();
        await using var browser = await Browser.LaunchAsync();
        var (id, _) = await served.WaitingAsync();
        var page = await browser.OpenAsync(served.Url, javaScript: false);
        await page.GotoAsync($"/ui/sign-in?back=/ui/jobs/{id}");
        await page.GetByLabel("Token", new() { Exact = true }).FillAsync(served.Token);
        await page.Keyboard.PressAsync("Enter");

        await page.GetByLabel("Why not").FillAsync("five, not two");
        await page.GetByText("Propose another instead").ClickAsync();
        await page.GetByLabel("The document (JSON)").FillAsync("""{"schema_version":"runspec_v1","strategy":{"top":5},"segments":{"list":[{"segment_id":"walk"},{"segment_id":"held","holdout":true}]}}""");
        await page.GetByRole(AriaRole.Button, new() { Name = "Reject runspec" }).ClickAsync();
        await Expect(page.Locator(".diff del")).ToContainTextAsync("2");
        await Expect(page.Locator(".diff ins")).ToContainTextAsync("5");
        await Browser.ShotAsync(page, "job-replaced-noscript");

        // Another tab still shows the question when it has been answered.
        var late = await page.Context.NewPageAsync();
        await late.GotoAsync($"/ui/jobs/{id}");
        await page.GetByLabel("Why it may go on").FocusAsync();
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("running: run");
        await late.GetByRole(AriaRole.Button, new() { Name = "Approve runspec" }).ClickAsync();
        await Expect(late.GetByRole(AriaRole.Alert)).ToContainTextAsync("was approved already");
    }

    [Fact]
    public async Task Basic_asks_the_browser_for_a_password_at_the_first_write()
    {
        await using var served = await ServedFolder.StartAsync(isBasic: true);
        await using var browser = await Browser.LaunchAsync();
        var (id, _) = await served.WaitingAsync();
        var page = await browser.OpenAsync(served.Url);
        await page.GotoAsync($"/ui/jobs/{id}");
        var answer = await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Approve runspec" }).ClickAsync(), r => r.Request.Method == "POST");
        Assert.Equal(401, answer.Status);
        Assert.StartsWith("Basic", await answer.HeaderValueAsync("WWW-Authenticate"), StringComparison.Ordinal);
        await page.Context.SetExtraHTTPHeadersAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = served.Client.DefaultRequestHeaders.Authorization!.ToString() });
        await page.GotoAsync($"/ui/jobs/{id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve runspec" }).ClickAsync();
        await Expect(page.Locator(".events")).ToContainTextAsync($"{ServedFolder.User} (page)");
    }

    [Theory]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    [InlineData(ColorScheme.Dark, 1200)]
    public async Task Pages_fit_a_phone_and_have_enough_contrast(ColorScheme scheme, int width)
    {
        await using var served = await ServedFolder.StartAsync();
        await using var browser = await Browser.LaunchAsync();
        var done = await served.DoneAsync();
        served.Folder.Blueprint["title"] = "Another, which waits for somebody to decide about it, and has a rather long title";
        var (waiting, _) = await served.WaitingAsync();
        var run = (string)(await served.GetAsync($"/jobs/{done}"))["job"]!["run_id"]!;
        var page = await browser.OpenAsync(served.Url, scheme: scheme, width: width);
        foreach (var (path, name) in new[] { ("/ui/jobs", "jobs"), ($"/ui/jobs/{waiting}", "job"), ($"/ui/jobs/{done}", "done"), ($"/ui/runs/{run}", "run"), ("/ui/sign-in", "sign-in") })
        {
            await PageChecks.FitsAndIsLegibleAsync(page, path);
            await Browser.ShotAsync(page, $"{name}-{scheme}-{width}".ToLowerInvariant());
        }
    }

    /// <summary>A worker that ends with the test, however that ends.</summary>
    private sealed class Worker(string folder) : IAsyncDisposable
    {
        private readonly System.Diagnostics.Process _process = AssayProgram.Start(AssayProgram.Program, ["worker", "--run-jobs"], folder);

        public async ValueTask DisposeAsync()
        {
            AssayProgram.Terminate(_process);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }
}
