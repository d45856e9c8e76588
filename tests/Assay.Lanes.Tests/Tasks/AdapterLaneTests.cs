using Assay.Kernel.Lanes;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

public sealed class AdapterLaneTests
{
    [Fact]
    public void What_a_failed_check_found_unwell_stays_so_until_somebody_asks_again_where_nothing_checks_by_itself()
    {
        var answer = AfterFailedCheck((HealthCheck?)null);
        Assert.Equal((PermitStatus.Unhealthy, "it asked no model; assay adapter check says when it is well again", (DateTimeOffset?)null), (answer.Status, answer.Reason, answer.Until));
    }

    [Fact]
    public void What_is_checked_by_itself_is_asked_again_after_its_next_check()
    {
        var answer = AfterFailedCheck(new HealthCheck(["true"], null, 5_000, 1_000));
        Assert.Equal((PermitStatus.Unhealthy, "it asked no model", (DateTimeOffset?)Played.Now.AddSeconds(5)), (answer.Status, answer.Reason, answer.Until));
    }

    [Fact]
    public void What_nothing_can_check_any_more_is_not_kept_from_work_by_an_old_check()
    {
        var process = TaskLaneTests.Declare().Adapters[0];
        Assert.Equal(PermitStatus.Allowed, AfterFailedCheck(process).Status);
    }

    private static PermitAnswer AfterFailedCheck(HealthCheck? check) => AfterFailedCheck(GivenAgent.Adapter with { HealthCheck = check });

    private static PermitAnswer AfterFailedCheck(AdapterSpec adapter)
    {
        var fold = LaneFold.Of(AdapterLane.Instance).After(new AdapterConfigured(adapter), new CheckRequested());
        fold = fold.Began("agent/1").Ended("agent/1", Epochs.Given.Outcome(1)).After(new HealthChanged(false, "it asked no model"));
        var ask = new AskPermit("t", 1);
        Assert.IsType<Decision.Accepted>(fold.Decide(ask));
        return Assert.IsType<PermitAnswer>(fold.Lane.Answer(fold.State, ask));
    }
}
