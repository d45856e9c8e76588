using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Assay.Tests;

/// <summary>One worker for all lanes.</summary>
public sealed class WorkerCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task One_worker_brings_on_jobs_runs_of_tasks_and_epochs()
    {
        using var jobs = new JobFolder().Write();
        using var tasks = new TaskFolder();
        tasks.Add("t1", "echo done > made.txt", "test -f made.txt");
        tasks.Write();
        var plan = new PlanBuilder(jobs.Under("plan")).Add("C1", "true").Write();
        var job = await jobs.SubmitAsync();
        var submitted = await jobs.RunAsync("epoch", "submit", plan);
        Assert.Equal((0, "EPOCH_TEST"), (submitted.ExitCode, submitted.Output.Trim()));

        var worked = await jobs.RunAsync("worker", "--once", "--run-tasks", tasks.Path, "--json");
        Assert.Equal(0, worked.ExitCode);
        var lines = JsonNode.Parse(worked.Output)!["lines"]!.AsArray().ToDictionary(l => ((string)l!["lane"]!, (string)l["id"]!), l => (string)l!["state"]!);
        Assert.Equal("WAITING_APPROVAL", lines[("jobs", job)]);
        Assert.Equal("PASS", lines[("epochs", "EPOCH_TEST")]);
        Assert.Equal("FINISHED", lines[("tasks", TaskFolder.RunId)]);
        Assert.Equal("done\n", tasks.Read("made.txt"));
        Assert.Equal(0, (await jobs.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task A_lane_that_there_is_not_is_refused_and_nothing_is_created()
    {
        using var folder = new TemporaryFolder();
        var refused = await AssayProgram.RunAsync(folder.Path, "worker", "--once", "--lanes", "jobs,weather");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("there is no lane weather: epochs, jobs, tasks", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("--run-jobs serves the lane jobs alone: leave out --run-jobs or --lanes", "--run-jobs", "--lanes", "jobs,epochs")]
    [InlineData("--run-jobs serves the lane jobs alone, and --run-tasks needs the lane tasks: leave one of them out", "--run-jobs", "--run-tasks", ".")]
    [InlineData("--run-tasks needs the lane tasks: add it to --lanes", "--lanes", "jobs,epochs", "--run-tasks", ".")]
    public async Task Options_that_contradict_each_other_are_refused_in_one_sentence(string why, params string[] options)
    {
        using var folder = new TemporaryFolder();
        var refused = await AssayProgram.RunAsync(folder.Path, ["worker", "--once", .. options]);
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.StartsWith($"assay: {why}", refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.TrimEnd().Split('\n'));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("epochs, jobs, tasks", "--run-tasks", ".")]
    [InlineData("epochs, tasks", "--lanes", "tasks,epochs", "--run-tasks", ".")]
    [InlineData("jobs", "--run-jobs", "--lanes", "jobs")]
    public async Task It_says_what_it_serves_and_a_project_to_begin_narrows_nothing(string lanes, params string[] options)
    {
        using var tasks = new TaskFolder();
        tasks.Add("t1", "true");
        tasks.Write();
        var workspace = tasks.Under(".assay");
        var worked = await tasks.RunAsync(["worker", "--once", "-j", "3", .. options]);
        Assert.Equal((0, $"Serves {lanes} in {workspace}, 3 at once\n"), (worked.ExitCode, worked.Error));
        Assert.Equal("", (await tasks.RunAsync(["worker", "--once", "--json", .. options])).Error);
    }

    [Fact]
    public async Task A_project_without_state_is_waited_for_and_the_files_it_lacks_are_named()
    {
        using var tasks = new TaskFolder();
        var empty = Directory.CreateDirectory(tasks.Under("empty")).FullName;
        var worked = await tasks.RunAsync("worker", "--once", "--json", "--run-tasks", empty);
        Assert.Equal(0, worked.ExitCode);
        Assert.Equal(
            $"assay: {empty} has no .state folder yet: a run begins there once it has .state/task_queue.json, .state/routing_decisions.json and adapters.json (or .yaml)\n",
            worked.Error);
    }

    [Fact]
    public async Task Only_the_lanes_that_it_serves_are_brought_on()
    {
        using var jobs = new JobFolder().Write();
        var plan = new PlanBuilder(jobs.Under("plan")).Add("C1", "true").Write();
        var job = await jobs.SubmitAsync();
        await jobs.RunAsync("epoch", "submit", plan);
        await jobs.RunAsync("worker", "--once", "--lanes", "epochs");
        Assert.Equal("BLUEPRINT_SUBMITTED", (string)(await jobs.ShowAsync(job))["job"]!["state"]!);
        await jobs.RunAsync("worker", "--once", "--run-jobs");
        Assert.Equal("WAITING_APPROVAL", (string)(await jobs.ShowAsync(job))["job"]!["state"]!);
    }

    [Fact]
    public async Task What_a_command_runs_itself_no_worker_takes_from_it()
    {
        using var folder = new TemporaryFolder();
        var plan = new PlanBuilder(folder.Under("plan")).Add("C1", "true").Add("C2", "true").Write();
        using var worker = Started(folder.Path, "worker");
        for (var i = 0; i < 8; i++)
        {
            var run = await AssayProgram.RunAsync(folder.Path, "epoch", "run", plan);
            Assert.True(run.ExitCode == 0, run.Output + run.Error);
        }

        Assert.Equal(0, await DrainAsync(worker));
    }

    [Fact]
    public async Task A_run_begins_as_soon_as_its_routing_is_complete()
    {
        using var tasks = new TaskFolder();
        tasks.Add("t1", "echo done > made.txt");
        tasks.Write();
        var routing = tasks.Under(".state", "routing_decisions.json");
        var complete = File.ReadAllText(routing);
        File.WriteAllText(routing, complete.Replace("\"ROUTING_COMPLETE\": true", "\"ROUTING_COMPLETE\": false", StringComparison.Ordinal));
        Assert.Equal(0, (await tasks.RunAsync("worker", "--once", "--run-tasks", tasks.Path)).ExitCode);
        Assert.False(File.Exists(tasks.Under("tree", "made.txt")), "a run began whose routing was not complete");
        using var worker = Started(tasks.Path, "worker", "--run-tasks", tasks.Path);
        File.WriteAllText(routing, complete);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(tasks.Under("tree", "made.txt")), Patience), "the run did not begin");
        Assert.Equal(0, await DrainAsync(worker));
    }

    [Fact]
    public async Task A_task_that_is_to_be_tried_again_is_taken_by_a_worker_that_is_there()
    {
        using var tasks = new TaskFolder();
        var mended = tasks.Under("mended");
        tasks.Add("t1", $"test -e '{mended}' && echo done > made.txt")["max_attempts"] = 1;
        tasks.Write();
        using var worker = Started(tasks.Path, "worker", "--run-tasks", tasks.Path);
        await UntilAsync("FAILED");
        File.WriteAllText(mended, "");
        Assert.Equal(0, (await tasks.RunAsync("task", "retry", "t1")).ExitCode);
        await UntilAsync("COMPLETED");
        Assert.Equal(0, await DrainAsync(worker));

        async Task UntilAsync(string state)
        {
            var watch = Stopwatch.StartNew();
            while (!(await tasks.RunAsync("task", "list", "--json")).Output.Contains(state, StringComparison.Ordinal))
            {
                Assert.True(watch.Elapsed < Patience, $"it is not {state}");
            }
        }
    }

    [Fact]
    public async Task Told_to_end_it_lets_what_runs_come_to_its_end_and_begins_nothing()
    {
        using var folder = new TemporaryFolder();
        var begun = folder.Under("begun");
        var plan = new PlanBuilder(folder.Under("plan"));
        for (var i = 1; i <= 2; i++) plan.Add($"C{i}", $"touch {begun}{i}; sleep 2; echo whole", c => c["sandbox"] = "none");
        plan.Write();
        await AssayProgram.RunAsync(folder.Path, "epoch", "submit", plan.PlanPath);
        Assert.Contains("It waits for a worker: assay worker", (await AssayProgram.RunAsync(folder.Path, "epoch", "show", "EPOCH_TEST")).Output, StringComparison.Ordinal);
        Assert.Contains("submitted", (await AssayProgram.RunAsync(folder.Path, "epoch", "list")).Output, StringComparison.Ordinal);
        using var worker = Started(folder.Path, "worker", "-j", "1");
        Assert.True(SpinWait.SpinUntil(() => File.Exists($"{begun}1"), Patience), "the epoch did not begin");
        Assert.Equal(0, await DrainAsync(worker));
        Assert.False(File.Exists($"{begun}2"), "a crucible began after the worker was told to end");
        var left = await AssayProgram.RunAsync(folder.Path, "epoch", "list");
        Assert.Matches("interrupted +1/2 ", left.Output);
        await AssayProgram.RunAsync(folder.Path, "worker", "--once");
        var shown = JsonNode.Parse((await AssayProgram.RunAsync(folder.Path, "epoch", "show", "EPOCH_TEST", "--json")).Output)!;
        Assert.Equal("PASS", (string)shown["epoch_verdict"]!);
        Assert.Equal(2, (int)shown["crucibles_passed"]!);
    }

    [Fact]
    public async Task An_epoch_that_waited_for_its_worker_has_its_whole_wall_clock()
    {
        using var folder = new TemporaryFolder();
        var plan = new PlanBuilder(folder.Under("plan")).Add("C1", "true").Add("C2", "true");
        plan.Plan["budgets"]!["epoch_wall_clock_ms"] = 8_000;
        plan.Plan["budgets"]!["per_crucible_timeout_ms"] = 7_000;
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "epoch", "submit", plan.Write())).ExitCode);
        await Task.Delay(8_500);
        await AssayProgram.RunAsync(folder.Path, "worker", "--once");
        var shown = await AssayProgram.RunAsync(folder.Path, "epoch", "show", "EPOCH_TEST");
        Assert.True(shown.ExitCode == 0, shown.Output);
        Assert.Contains("EPOCH_TAKEN_UP", (await AssayProgram.RunAsync(folder.Path, "log", "epoch/EPOCH_TEST")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_workers_epoch_goes_on_with_the_next_one()
    {
        using var folder = new TemporaryFolder();
        var begun = folder.Under("begun");
        var plan = new PlanBuilder(folder.Under("plan")).Add("C1", $"touch {begun}; sleep 30", c => c["sandbox"] = "none");
        plan.Add("C2", "true");
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "epoch", "submit", plan.Write())).ExitCode);
        using (var worker = Started(folder.Path, "worker"))
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(begun), Patience), "the epoch did not begin");
            worker.Kill();
            await worker.WaitForExitAsync();
        }

        var watch = Stopwatch.StartNew();
        await AssayProgram.RunAsync(folder.Path, "worker", "--once");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "it waited for the lease of a dead worker");
        Assert.Contains("FAIL_CLOSED", (await AssayProgram.RunAsync(folder.Path, "epoch", "show", "EPOCH_TEST")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await AssayProgram.RunAsync(folder.Path, "verify")).ExitCode);
    }

    private static Process Started(string folder, params string[] arguments) => AssayProgram.Start(AssayProgram.Program, arguments, folder);

    private static async Task<int> DrainAsync(Process worker)
    {
        AssayProgram.Terminate(worker);
        await worker.WaitForExitAsync().WaitAsync(Patience);
        return worker.ExitCode;
    }
}
