using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Tasks;

/// <summary>The time of a task is its work; what it waited for stands beside it.</summary>
public sealed class TaskTimeTests
{
    [Fact]
    public void The_pause_before_another_attempt_is_no_work()
    {
        var run = new PlayedRun(
            a => a with { Retry = a.Retry with { MaxAttempts = 2 } }, null, t => t with { RetrySafe = true, MaxAttempts = 2 });
        run.Ask();
        run.Act(Given.Outcome(1), seconds: 2);
        run.Wait(60);
        run.Ask();
        run.Act(Given.Outcome(), seconds: 3);
        Assert.Equal((5_000, 60_000), Times(run));
        Assert.Equal(TimeSpan.FromSeconds(5), run.Summary().Took);
    }

    [Fact]
    public void Waiting_for_a_breaker_is_no_work()
    {
        var run = new PlayedRun();
        run.Ask(new PermitAnswer(PermitStatus.Open, null, null, run.Now.AddSeconds(30)));
        run.Wait(30);
        run.Ask();
        run.Act(Given.Outcome(), seconds: 1);
        Assert.Equal((1_000, 30_000), Times(run));
    }

    [Fact]
    public void Waiting_for_a_person_is_no_work()
    {
        var run = new PlayedRun(a => a with { Kind = AdapterKind.Manual });
        run.Ask();
        run.Wait(3_600);
        run.Put(new CompleteManual("one", new Actor("ada", "cli"), null, [], []));
        Assert.Equal(("COMPLETED", (0L, 3_600_000L)), (run.Summary().State, Times(run)));
    }

    [Fact]
    public void What_never_began_neither_worked_nor_waited()
    {
        var run = new PlayedRun();
        run.Put(new CancelTask("one", new Actor("ada", "cli"), null));
        Assert.Equal((0, 0), Times(run));
        Assert.Null(run.Summary().Took);
    }

    [Fact]
    public void The_time_between_an_end_and_another_try_is_neither()
    {
        var run = new PlayedRun();
        run.Ask();
        run.Act(Given.Outcome(1), seconds: 2);
        run.Wait(86_400);
        run.Put(new RetryTask("one", new Actor("ada", "cli"), null));
        run.Ask();
        run.Act(Given.Outcome(), seconds: 3);
        Assert.Equal((5_000, 0), Times(run));
    }

    [Fact]
    public void The_time_in_which_an_engine_was_gone_is_no_work()
    {
        var run = new PlayedRun(null, null, t => t with { RetrySafe = true, MaxAttempts = 2 });
        run.Ask();
        var act = run.Begin(TaskEffectId.Act);
        run.Wait(28_800);
        run.Lose(act);
        run.Wait(2);
        run.Put(new StartExecution(1, new Actor("ada", "cli")));
        run.Ask();
        run.Act(Given.Outcome(), seconds: 3);
        Assert.Equal(3_000, Times(run).Worked);
    }

    [Fact]
    public void Whatever_is_recorded_before_the_next_engine_works_is_no_sign_of_the_last_one()
    {
        var run = new PlayedRun(a => a with { Concurrency = 2 }, null, t => t, t => t with { TaskId = "two" });
        run.Ask();
        run.Ask(taskId: "two");
        var (one, two) = (run.Begin(TaskEffectId.Act), run.Begin(TaskEffectId.Act, "two"));
        run.Wait(28_800);
        run.Put(new CancelTask("two", new Actor("ada", "cli"), null));
        run.Lose(one);
        run.Wait(1);
        run.Lose(two);
        Assert.Equal((0, 0), Times(run));
        Assert.Equal(0, run.Result("two").GetProperty("duration_ms").GetInt64());
    }

    [Fact]
    public void Nor_is_the_time_between_the_order_to_end_and_the_next_start()
    {
        var run = new PlayedRun();
        run.Ask();
        var act = run.Begin(TaskEffectId.Act);
        run.Wait(2);
        run.Put(new Cancel("signal"));
        run.End(act, Given.Outcome(null, KillReason.Cancelled));
        run.Wait(28_800);
        run.Put(new StartExecution(1, new Actor("ada", "cli")));
        Assert.Equal(2_000, Times(run).Worked);
    }

    private static (long Worked, long Waited) Times(PlayedRun run) =>
        (run.Result().GetProperty("duration_ms").GetInt64(), run.Result().GetProperty("waited_ms").GetInt64());
}
