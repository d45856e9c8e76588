using Assay.Lanes.Epochs;

namespace Assay.Tests.Epochs;

public sealed class VerdictRuleTests
{
    [Theory]
    [InlineData(EpochProfile.Coverage, "pp", null, EpochVerdict.Pass)]
    [InlineData(EpochProfile.Coverage, "pf", null, EpochVerdict.Fail)]
    [InlineData(EpochProfile.Coverage, "p-", EndReason.MaxFailures, EpochVerdict.Fail)]
    [InlineData(EpochProfile.CoverageMilestone, "pp", null, EpochVerdict.Pass)]
    [InlineData(EpochProfile.CoverageMilestone, "fp", null, EpochVerdict.Fail)]
    [InlineData(EpochProfile.CoverageSeed, "fp", null, EpochVerdict.Operational)]
    [InlineData(EpochProfile.CoverageSeed, "ff", null, EpochVerdict.NotOperational)]
    [InlineData(EpochProfile.Governance, "ff", null, EpochVerdict.Complete)]
    [InlineData(EpochProfile.Governance, "p-", EndReason.EpochTimeout, EpochVerdict.Fail)]
    [InlineData(EpochProfile.Paradox, "pf", null, EpochVerdict.Complete)]
    [InlineData(EpochProfile.Coverage, "pm", null, EpochVerdict.FailClosed)]
    [InlineData(EpochProfile.CoverageSeed, "pm", null, EpochVerdict.FailClosed)]
    [InlineData(EpochProfile.Governance, "pm", null, EpochVerdict.FailClosed)]
    [InlineData(EpochProfile.Coverage, "p-", EndReason.Cancelled, EpochVerdict.FailClosed)]
    public void A_verdict_is_what_its_profile_asks_for_and_never_better_than_its_evidence(
        EpochProfile profile, string outcomes, EndReason? reason, EpochVerdict verdict)
    {
        var state = State(Given.Epoch(outcomes.Length, profile), outcomes);
        Assert.Equal(verdict, VerdictRule.Of(state, reason));
    }

    [Theory]
    [InlineData(EpochProfile.Coverage, EpochVerdict.Fail)]
    [InlineData(EpochProfile.CoverageSeed, EpochVerdict.NotOperational)]
    [InlineData(EpochProfile.Governance, EpochVerdict.Fail)]
    public void Salvage_is_never_good(EpochProfile profile, EpochVerdict verdict) =>
        Assert.Equal(verdict, VerdictRule.Of(State(Given.Epoch(2, profile) with { Mode = EpochMode.Salvage }, "pp"), null));

    [Theory]
    [InlineData("pf", EpochVerdict.NotOperational)]
    [InlineData("fp", EpochVerdict.Operational)]
    [InlineData("f-", EpochVerdict.NotOperational)]
    public void A_milestone_that_did_not_pass_spoils_any_verdict(string outcomes, EpochVerdict verdict) =>
        Assert.Equal(verdict, VerdictRule.Of(State(Given.Epoch(2, EpochProfile.CoverageSeed) with { RequiredMilestones = ["C1"] }, outcomes), null));

    /// <summary>p passed, f failed, m ended without its evidence, - did not run.</summary>
    private static EpochState State(EpochDeclared epoch, string outcomes)
    {
        var fold = Given.Running(epoch, [.. outcomes.Select((_, i) => Given.Crucible(i))]);
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] != '-') fold = fold.After(Given.Finished(i, outcomes[i] == 'p', outcomes[i] == 'm'));
        }

        return fold.As<EpochState>();
    }
}
