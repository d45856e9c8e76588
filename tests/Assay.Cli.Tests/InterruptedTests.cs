using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;

namespace Assay.Tests;

/// <summary>What is shown of work while its engine lives, and after kill -9.</summary>
public sealed class InterruptedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task An_epochs_crucible_is_running_while_its_engine_lives_and_interrupted_when_it_was_killed()
    {
        using var folder = new TemporaryFolder();
        var marks = folder.Under("it's here");
        Directory.CreateDirectory(marks);
        var builder = new PlanBuilder(Path.Combine(marks, "plan"));
        builder.Add("DONE", "true").Add("HELD", Held(folder.Path), c =>
        {
            c["retry_safe"] = true;
            c["sandbox"] = "none";
        }).Add("LATER", "true");

        // Held for as long as three commands take on a busy machine, not until a cap ends it.
        foreach (var cap in new[] { "epoch_wall_clock_ms", "per_crucible_timeout_ms" }) builder.Plan["budgets"]![cap] = 600_000;
        var plan = builder.Write();
        using (var engine = AssayProgram.Start(AssayProgram.Program, ["epoch", "run", plan], folder.Path))
        {
            await UntilAsync(() => File.Exists(folder.Under("held")));
            var running = await EpochAsync(folder, "epoch", "show", "EPOCH_TEST");
            Assert.Equal(("RUNNING", null), ((string)running["state"]!, (string?)running["resume"]));
            Assert.Equal(["DONE PASS", "HELD RUNNING", "LATER NOT_RUN"], Outcomes(running));
            Assert.Equal("running", (string)(await ReadAsync(folder, "epoch", "list"))["items"]![0]!["phase"]!);

            // Whoever asks for it a second time meanwhile writes nothing into it.
            var busy = await AssayProgram.RunAsync(folder.Path, "epoch", "run", plan, "--resume");
            Assert.Equal(2, busy.ExitCode);
            Assert.DoesNotContain("EPOCH_RESUMED", (await AssayProgram.RunAsync(folder.Path, "log", "epoch/EPOCH_TEST")).Output, StringComparison.Ordinal);
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        var killed = await EpochAsync(folder, "epoch", "show", "EPOCH_TEST");
        Assert.Equal(("INTERRUPTED", "interrupted"), ((string)killed["state"]!, (string)killed["reason"]!));
        Assert.Equal(["DONE PASS", "HELD INTERRUPTED", "LATER NOT_RUN"], Outcomes(killed));
        Assert.Equal("interrupted", (string)(await ReadAsync(folder, "epoch", "list"))["items"]![0]!["phase"]!);
        var shown = (await AssayProgram.RunAsync(folder.Path, "epoch", "show", "EPOCH_TEST")).Output;
        var resume = (string)killed["resume"]!;
        Assert.Contains("EPOCH_TEST: INTERRUPTED  (1 of 3 passed, 0 failed, 1 interrupted, 1 not run)", shown, StringComparison.Ordinal);
        Assert.Contains(resume, shown, StringComparison.Ordinal);

        // The command is what it says, from any folder.
        File.Delete(folder.Under("hold"));
        var words = $"{AssayProgram.Program}{resume["assay".Length..]} --json";
        var resumed = await AssayProgram.RunAsync("sh", ["-c", words], "/", null, Patience);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(["DONE PASS", "HELD PASS", "LATER PASS"], Outcomes(JsonNode.Parse(resumed.Output)!));
        Assert.Equal("epoch_summary_v1", (string)(await EpochAsync(folder, "epoch", "show", "EPOCH_TEST"))["schema_version"]!);
    }

    [Fact]
    public async Task A_job_is_running_while_its_worker_lives_and_interrupted_when_it_was_killed()
    {
        using var folder = new JobFolder();
        folder.Before($"[ $ASSAY_STAGE != compile ] || {{ {Held(folder.Path)}; }}").Write();
        var id = await folder.SubmitAsync();
        using (var worker = AssayProgram.Start(AssayProgram.Program, ["worker", "--run-jobs"], folder.Path))
        {
            await UntilAsync(() => File.Exists(folder.Under("held")));
            Assert.Equal("RUNNING", (string)(await folder.ShowAsync(id))["job"]!["state"]!);
            worker.Kill();
            await worker.WaitForExitAsync();
        }

        var killed = await folder.ShowAsync(id);
        Assert.Equal(("INTERRUPTED", "interrupted"), ((string)killed["job"]!["state"]!, (string)killed["stages"]![0]!["result"]!));
        Assert.Contains("INTERRUPTED", (await folder.RunAsync("job", "list")).Output, StringComparison.Ordinal);
        var shown = await folder.RunAsync("job", "show", id);
        Assert.Contains("It goes on with: assay worker --run-jobs", shown.Output, StringComparison.Ordinal);
        File.Delete(folder.Under("hold"));
        await folder.WorkAsync();
        Assert.Equal("WAITING_APPROVAL", (string)(await folder.ShowAsync(id))["job"]!["state"]!);
    }

    [Fact]
    public async Task A_task_is_at_work_while_its_engine_lives_and_interrupted_when_it_was_killed()
    {
        using var folder = new TaskFolder();
        folder.Add("held", $"{Held(folder.Path)}; echo x > x")["retry_safe"] = true;
        folder.Write();
        using (var engine = AssayProgram.Start(AssayProgram.Program, ["execute", "--run-id", TaskFolder.RunId], folder.Path))
        {
            await UntilAsync(() => File.Exists(folder.Under("held")));
            Assert.Null((await folder.ResultsAsync())["held"]["interrupted"]);
            engine.Kill();
            await engine.WaitForExitAsync();
        }

        Assert.True((bool)(await folder.ResultsAsync())["held"]["interrupted"]!);
        foreach (string[] command in new string[][] { ["run", "status", TaskFolder.RunId], ["task", "list"], ["task", "show", "held"] })
        {
            var shown = (await folder.RunAsync(command)).Output;
            Assert.Contains("INTERRUPTED", shown, StringComparison.Ordinal);
            Assert.Contains($"assay execute --run-id {TaskFolder.RunId}", shown, StringComparison.Ordinal);
        }

        File.Delete(folder.Under("hold"));
        Assert.Equal(0, (await folder.ExecuteAsync()).ExitCode);
        Assert.Null((await folder.ResultsAsync())["held"]["interrupted"]);
    }

    /// <summary>A script that says that it has begun, and waits for a file to go.</summary>
    private static string Held(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "hold"), "");
        return $": > '{folder}/held'; while [ -e '{folder}/hold' ]; do sleep 0.05; done";
    }

    private static async Task<JsonNode> EpochAsync(TemporaryFolder folder, params string[] arguments)
    {
        var epoch = await ReadAsync(folder, arguments);
        Assert.Empty(ContractCatalog.Validate((string)epoch["schema_version"]!, JsonSerializer.SerializeToElement(epoch)));
        return epoch;
    }

    private static async Task<JsonNode> ReadAsync(TemporaryFolder folder, params string[] arguments)
    {
        var result = await AssayProgram.RunAsync(folder.Path, [.. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonNode.Parse(result.Output)!;
    }

    private static string[] Outcomes(JsonNode epoch) => [.. epoch["runs"]!.AsArray().Select(r => $"{r!["crucible_id"]} {r["outcome"]}")];

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(20))
        {
            Assert.True(waited.Elapsed < Patience, "it never came so far");
        }
    }
}
