using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Tasks;

/// <summary>A run in safe mode goes on when something was seen to work again, and an outage is told once.</summary>
public sealed class SafeModeTests
{
    private static readonly ReportAnswer Reported = new(Opened: false);

    [Fact]
    public void Leave_to_call_is_no_sign_of_health_but_a_call_that_went_well_is()
    {
        var run = Paused();
        Assert.Empty(run.Ask().OfType<ExecutionResumed>());
        Assert.Equal(ExecutionPhase.Paused, run.State.Phase);
        run.Act(Given.Outcome());
        run.Report(Reported with { Closed = true });
        Assert.Equal(ExecutionPhase.Running, run.State.Phase);
        Assert.Equal("health", run.Events.OfType<ExecutionResumed>().Single().By);
    }

    [Fact]
    public void A_probe_that_failed_leaves_the_run_in_safe_mode_and_tells_the_outage_no_second_time()
    {
        var run = Paused();
        run.Ask();
        run.Act(Given.Outcome(1));
        run.Report(Reported);
        run.Wait(1);
        run.Ask(Open(run));
        Assert.Equal(ExecutionPhase.Paused, run.State.Phase);
        Assert.Empty(run.Events.OfType<ExecutionResumed>());
        Assert.Single(run.Events.OfType<Escalated>(), e => e.Trigger == EscalationRule.SafeMode);
    }

    [Fact]
    public void While_a_probe_is_under_way_nothing_else_is_begun()
    {
        var run = Paused();
        run.Ask();
        Assert.DoesNotContain(run.Asked, e => e.StartsWith(TaskEffectId.Permit, StringComparison.Ordinal));
        run.Act(Given.Outcome());
        run.Report(Reported with { Closed = true });
        Assert.Contains("permit/two/shell", run.Asked);
    }

    [Fact]
    public void A_probe_after_which_the_breaker_is_not_closed_yet_is_not_enough()
    {
        var run = Paused();
        run.Ask();
        run.Act(Given.Outcome());
        run.Report(Reported);
        Assert.Equal(ExecutionPhase.Paused, run.State.Phase);
    }

    [Fact]
    public void A_tree_that_could_not_be_copied_is_told_once_until_it_can_be()
    {
        var run = new PlayedRun(tasks: t => t with { WorkingTree = "/p/tree" });
        for (var i = 0; i < 3; i++)
        {
            run.Ask();
            run.Copy("the disk is full");
            run.Release();
            run.Wait(31);
        }

        Assert.Single(run.Events.OfType<Escalated>());
        Assert.Empty(run.Events.OfType<ExecutionResumed>());
        run.Ask();
        run.Copy();
        Assert.Equal(ExecutionPhase.Running, run.State.Phase);
    }

    [Fact]
    public void An_outage_that_goes_on_after_a_person_began_the_run_again_is_told_no_second_time()
    {
        var run = Paused();
        run.Put(new StartExecution(4, run.State.Declared.By));
        run.Ask(Open(run));
        Assert.Equal(ExecutionPhase.Paused, run.State.Phase);
        Assert.Single(run.Events.OfType<Escalated>());
    }

    [Fact]
    public void A_breaker_that_opens_again_after_a_probe_is_the_same_outage()
    {
        var settings = new BreakerSettings(1, 1_000, 1);
        var breaker = BreakerState.Initial;
        Assert.True(Opens("first", 0));
        Assert.False(Opens("second", 1));
        Report("third", AdapterReport.Worked, 2);
        Assert.Equal(Circuit.Closed, breaker.Circuit);
        Assert.True(Opens("fourth", 2));

        bool Opens(string ticket, int seconds)
        {
            Report(ticket, AdapterReport.Failed, seconds);
            Assert.Equal(Circuit.Open, breaker.Circuit);
            var state = AdapterState.Initial with { Spec = TaskLaneTests.Declare().Adapters[0], Breaker = breaker };
            return ((ReportAnswer)AdapterLane.Instance.Answer(state, new ReportCall(ticket, AdapterReport.Failed))).Opened;
        }

        void Report(string ticket, AdapterReport report, int seconds)
        {
            var now = Played.Now.AddSeconds(seconds * 2);
            Take(BreakerRule.Ask(breaker, ticket, now.AddMinutes(1), now), now);
            Take(BreakerRule.Report(breaker, settings, ticket, report, now), now);
        }

        void Take(IReadOnlyList<Event> events, DateTimeOffset now)
        {
            foreach (var body in events) breaker = breaker.Evolve(new RecordedEvent(0, now, body));
        }
    }

    private static PermitAnswer Open(PlayedRun run) =>
        new(PermitStatus.Open, "its circuit breaker is open", Played.Now.AddMinutes(-10), run.Now);

    /// <summary>Two tasks, and an adapter whose breaker has not been closed for long.</summary>
    private static PlayedRun Paused()
    {
        var run = new PlayedRun(
            a => a with { Concurrency = 4, Retry = a.Retry with { MaxAttempts = 3 } }, e => e with { SafeModeAfterMs = 1_000 },
            t => t with { RetrySafe = true, MaxAttempts = 3 }, t => t with { TaskId = "two" });
        run.Ask(Open(run));
        Assert.Equal(ExecutionPhase.Paused, run.State.Phase);
        run.Wait(2);
        return run;
    }
}
