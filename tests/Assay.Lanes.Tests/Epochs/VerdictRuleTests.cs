using Assay.Lanes.Epochs;

namespace Assay.Tests.Epochs;

public sealed class VerdictRuleTests
{
    [Theory]
    [InlineData(EpochProfile.Coverage, "pp", null, EpochVerdict.Pass, 0)]
    [InlineData(EpochProfile.Coverage, "pf", null, EpochVerdict.Fail, 1)]
    [InlineData(EpochProfile.Coverage, "p-", EndReason.MaxFailures, EpochVerdict.Fail, 1)]
    [InlineData(EpochProfile.CoverageMilestone, "pp", null, EpochVerdict.Pass, 0)]
    [InlineData(EpochProfile.CoverageMilestone, "fp", null, EpochVerdict.Fail, 1)]
    [InlineData(EpochProfile.CoverageSeed, "fp", null, EpochVerdict.Operational, 0)]
    [InlineData(EpochProfile.CoverageSeed, "ff", null, EpochVerdict.NotOperational, 1)]
    [InlineData(EpochProfile.Governance, "ff", null, EpochVerdict.Complete, 0)]
    [InlineData(EpochProfile.Governance, "p-", EndReason.EpochTimeout, EpochVerdict.Fail, 4)]
    [InlineData(EpochProfile.Paradox, "pf", null, EpochVerdict.Complete, 0)]
    [InlineData(EpochProfile.Coverage, "pm", null, EpochVerdict.FailClosed, 3)]
    [InlineData(EpochProfile.CoverageSeed, "pm", null, EpochVerdict.FailClosed, 3)]
    [InlineData(EpochProfile.Governance, "pm", null, EpochVerdict.FailClosed, 3)]
    [InlineData(EpochProfile.Coverage, "p-", EndReason.Cancelled, EpochVerdict.FailClosed, 130)]
    public void A_verdict_is_what_its_profile_asks_for_and_never_better_than_its_evidence(
        EpochProfile profile, string outcomes, EndReason? reason, EpochVerdict verdict, int exitCode)
    {
        var state = State(Given.Epoch(outcomes.Length, profile), outcomes);
        Assert.Equal(verdict, VerdictRule.Of(state, reason));
        Assert.Equal(exitCode, VerdictRule.ExitCode(verdict, reason));
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
