using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Tasks;

/// <summary>What is said of how a task ended.</summary>
public sealed class TaskEndTests
{
    [Fact]
    public void A_task_that_changed_nothing_in_its_tree_says_so()
    {
        var run = new PlayedRun(tasks: t => t with { WorkingTree = "/p/tree" });
        run.Ask();
        run.Copy();
        run.Act(Given.Outcome());
        run.Capture();
        Assert.Equal("COMPLETED", run.Result().GetProperty("status").GetString());
        Assert.StartsWith("no_change: ", run.Result().GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("no_change: ", run.Summary().Reason, StringComparison.Ordinal);
        Assert.StartsWith("no_change: ", TaskLog.Describe(run.Events.OfType<TaskCompleted>().Single()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_has_no_tree_could_change_none()
    {
        var run = new PlayedRun();
        run.Ask();
        run.Act(Given.Outcome());
        Assert.Equal(("COMPLETED", (string?)null), (run.Summary().State, run.Summary().Reason));
    }

    [Theory]
    [InlineData(2, 5, "exit code 1; 2 of 2 attempts (the task's max_attempts; the adapter shell allows 5)")]
    [InlineData(5, 2, "exit code 1; 2 of 2 attempts (the retry.max_attempts of the adapter shell; the task allows 5)")]
    [InlineData(2, 2, "exit code 1")]
    public void Which_number_of_attempts_held_is_said_where_task_and_adapter_differ(int task, int adapter, string reason)
    {
        var run = new PlayedRun(Attempts(adapter), null, t => t with { MaxAttempts = task, RetrySafe = true });
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            run.Ask();
            run.Act(Given.Outcome(1));
            run.Wait(1);
        }

        Assert.Equal(("FAILED", 2, reason), (run.Summary().State, run.Summary().Attempts, run.Summary().Reason));
    }

    [Fact]
    public void A_task_that_its_cost_limit_has_stopped_says_which_it_was_and_how_much_was_spent()
    {
        var run = new PlayedRun(Attempts(3), null, t => t with { MaxCost = new Usd(500_000), MaxAttempts = 3, RetrySafe = true });
        run.Ask();
        run.Act(Given.Outcome(1) with { Cost = new Usd(200_000) });
        run.Wait(1);
        run.Ask();
        run.Act(Given.Outcome(null, KillReason.CostLimit, 9) with { Cost = new Usd(310_000) });
        const string said = "it spent more than its budget; cost limit $0.50 (the task's budgets.cost_usd), spent $0.51";
        Assert.Equal(("FAILED", 2, said), (run.Summary().State, run.Summary().Attempts, run.Summary().Reason));
        Assert.Equal("Budget", $"{run.Events.OfType<TaskFailed>().Single().Failure}");
        decimal Shown(string name) => run.Result().GetProperty(name).GetDecimal();
        Assert.Equal((0.51m, 0.5m), (Shown("cost_usd"), Shown("cost_limit_usd")));
    }

    [Fact]
    public void A_task_that_says_nothing_of_attempts_has_those_of_its_adapter()
    {
        var silent = TaskLaneTests.Declare().Tasks[0] with { MaxAttempts = 3, LeavesAttemptsToAdapter = true, RetrySafe = true };
        var run = new PlayedRun(Attempts(5), null, _ => silent);
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Assert.False(run.Summary().HasEnded);
            run.Ask();
            run.Act(Given.Outcome(1));
            run.Wait(1);
        }

        Assert.Equal(("FAILED", "exit code 1"), (run.Summary().State, run.Summary().Reason));
        Assert.Equal(TaskIdentity.Of(silent with { LeavesAttemptsToAdapter = false }), TaskIdentity.Of(silent));
    }

    private static Func<AdapterSpec, AdapterSpec> Attempts(int most) => a => a with { Retry = a.Retry with { MaxAttempts = most } };
}
