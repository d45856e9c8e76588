using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

/// <summary>A task that has nothing to wait for but another one's scope says whose.</summary>
public sealed class ScopeHoldTests
{
    [Fact]
    public void A_task_that_a_waiting_person_keeps_out_of_a_tree_says_for_whom_it_waits()
    {
        var run = new PlayedRun(
            a => a with { Kind = AdapterKind.Manual, Concurrency = 4 }, null,
            t => In(t, "held", "src/**"), t => In(t, "two", "src/a.txt"), t => In(t, "other", "docs/**"));
        run.Wait(5);
        run.Ask(taskId: "held");
        run.Wait(60);
        Assert.Equal("held", run.Result("two").GetProperty("waits_for").GetString());
        Assert.False(run.Result("other").TryGetProperty("waits_for", out _));
        Assert.False(run.Result("held").TryGetProperty("waits_for", out _));
        run.Put(new FailManual("held", new Actor("ada", "cli"), "no"));
        Assert.False(run.Result("two").TryGetProperty("waits_for", out _));
    }

    private static TaskSpec In(TaskSpec task, string taskId, string write) =>
        task with { TaskId = taskId, WorkingTree = "/p/tree", FileScope = new FileScope([write], []) };
}
