using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Assay.Tests;

/// <summary>The pages of tasks in a real browser, while the built command executes them.</summary>
public sealed class TaskPageTests
{
    [Fact]
    public async Task A_person_follows_a_run_does_what_waits_for_a_person_and_rolls_a_patch_back()
    {
        using var tasks = new TaskFolder().File("src/roman.sh", "# digits\nfor pair in 5:V 1:I; do\n    echo \"$pair\"\ndone\n");
        tasks.Adapters["person"] = new JsonObject { ["adapter_id"] = "person", ["kind"] = "manual" };
        tasks.Add("fix", "echo 'working on <it>'; sed -i 's/5:V/5:V 4:IV/' src/roman.sh", "grep -q 4:IV src/roman.sh", "src/**");
        tasks.Add("wrong", "echo x > forbidden.txt", "true", "src/**");
        var byHand = tasks.Add("release", "");
        byHand.Remove("command");
        byHand["instructions"] = "Tell the users.";
        byHand.Remove("working_tree");
        byHand.Remove("file_scope");
        byHand["acceptance_tests"] = new JsonArray();
        tasks.Routes["release"] = ["person"];
        tasks.Write();
        await using var served = await ServedFolder.StartAsync();
        await using var browser = await Browser.LaunchAsync();
        var page = await browser.OpenAsync(served.Url);
        await page.GotoAsync("/ui/tasks");
        await Expect(page.Locator(".empty")).ToContainTextAsync("No run of tasks is here");

        // The page follows by itself: nobody loads it again.
        using var executor = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId, "--follow", "--workspace", served.Folder.Under(".assay")], tasks.Path);
        await Expect(page.Locator("#progress-words")).ToContainTextAsync("2 of 3 tasks have ended", new() { Timeout = 20_000 });
        await Expect(page.Locator("table").First).ToContainTextAsync("forbidden.txt is outside of what may be written");
        await Browser.ShotAsync(page, "tasks-run");

        await page.GotoAsync($"/ui/tasks/{TaskFolder.RunId}/fix");
        await Expect(page.Locator(".output")).ToContainTextAsync("working on <it>");
        await Browser.ShotAsync(page, "tasks-task");
        await page.GotoAsync($"/ui/tasks/{TaskFolder.RunId}/release");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in to decide" }).Last.ClickAsync();
        await page.GetByLabel("Token", new() { Exact = true }).FillAsync(served.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.Locator("pre").First).ToContainTextAsync("Tell the users.");
        await Browser.ShotAsync(page, "tasks-by-hand");
        await page.GetByLabel("A word on it").FillAsync("told them");
        await page.GetByRole(AriaRole.Button, new() { Name = "It is done" }).ClickAsync();
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("completed");
        await executor.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
        Assert.Equal(6, executor.ExitCode);

        await page.GotoAsync($"/ui/tasks/{TaskFolder.RunId}/fix");
        await page.Locator(".facts a").ClickAsync();
        await Expect(page.Locator(".patch ins")).ToContainTextAsync("for pair in 5:V 4:IV 1:I");
        await Expect(page.Locator(".patch .token-word").First).ToBeVisibleAsync();
        await Browser.ShotAsync(page, "tasks-patch");
        await page.GetByText("Take this patch out of the tree").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).ClickAsync();
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("rolled back");
        Assert.DoesNotContain("4:IV", tasks.Read("src/roman.sh"), StringComparison.Ordinal);
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            var phone = await browser.OpenAsync(served.Url, scheme: scheme, width: 390);
            foreach (var path in new[] { "/ui/tasks", $"/ui/tasks/{TaskFolder.RunId}/fix", page.Url[served.Url.Length..] }) await PageChecks.FitsAndIsLegibleAsync(phone, path);
        }

        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task Metrics_are_what_promtool_takes()
    {
        var program = RequiredProgram.Find("promtool", "prometheus");
        using var tasks = new TaskFolder();
        tasks.Add("one", "echo x > a.txt");
        tasks.Add("two", "exit 1");
        await using var served = await ServedFolder.StartAsync();
        await tasks.Write().ExecuteAsync("--workspace", served.Folder.Under(".assay"));
        var text = await served.Anonymous.GetStringAsync("/metrics");
        string[] expected =
        [
            "tasks_executed_total{state=\"COMPLETED\"} 1", "tasks_executed_total{state=\"FAILED\"} 1", "task_success_rate 0.5", "task_duration_seconds_count 2", "retry_attempts_total 0",
            "circuit_breaker_state{adapter_id=\"shell\"} 0", "circuit_breaker_status{adapter_id=\"shell\",state=\"CLOSED\"} 1", "acceptance_test_pass_rate 1", "executor_heartbeat 0",
        ];
        Assert.All(expected, line => Assert.Contains(line, text.Split('\n')));
        using var promtool = Process.Start(new ProcessStartInfo(program, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        var complaints = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        Assert.True(promtool.ExitCode == 0 && complaints.Length == 0, complaints);
    }
}
