using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Lanes.Jobs;
using Assay.Tests.Epochs;

namespace Assay.Tests.Jobs;

public sealed class StageJudgeTests
{
    [Theory]
    [InlineData("start", "prlimit: no", "prlimit: no", null, 1)]
    [InlineData("engine", "the disk is gone", null, "the disk is gone", 0)]
    [InlineData("engine", "it left neither exit code nor signal", null, null, null)]
    public void What_did_not_run_to_its_end_is_a_problem_with_the_reason(string rule, string reason, string? startError, string? problem, int? exitCode)
    {
        var outcome = Given.Outcome(exitCode) with { StartError = startError, Problem = problem };
        var found = StageJudge.ProcessProblem(outcome)!;
        Assert.Equal((rule, reason), (found.Kind.Code, found.Message));

        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec, made => outcome with { Files = made.Files });
        Assert.Equal((rule, reason), (story.State.Failure!.Rule, story.State.Failure.Message));
    }

    [Theory]
    [InlineData("start", "prlimit: no", "prlimit: no", null, 1)]
    [InlineData("engine", "the disk is gone", null, "the disk is gone", 0)]
    [InlineData("engine", "it left neither exit code nor signal", null, null, null)]
    public void A_run_that_did_not_come_to_its_end_is_not_collected(string rule, string reason, string? startError, string? problem, int? exitCode)
    {
        var outcome = Given.Outcome(exitCode) with { StartError = startError, Problem = problem };
        var story = JobStory.Of(JobKind.Blueprint);
        story.Stage(JobStory.Runspec).Approve("runspec");
        var fold = LaneFold.Of(DossierLane.Instance).After(((DeclareDossier)((ChildStream)story.Asked()).Command).Run);
        var effect = fold.Asked().Single();
        fold = fold.Began(effect.Id).Ended(effect.Id, outcome);
        Assert.Null(fold.As<DossierState>().Passed);
        var failed = Assert.IsType<DossierFailed>(Assert.Single(fold.Judge(effect, outcome, Given.Evidence())));
        Assert.Equal((rule, reason), (failed.Rule, failed.Message));
    }
}
