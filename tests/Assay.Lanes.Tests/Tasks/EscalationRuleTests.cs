using Assay.Kernel.Streams;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Tasks;

public sealed class EscalationRuleTests
{
    [Fact]
    public void A_task_that_fails_its_tests_again_after_a_person_reopened_it_fails_them_repeatedly()
    {
        var test = new AcceptanceTest
        {
            Name = "t",
            Kind = "unit",
            Command = ["t"],
            Caps = TaskLaneTests.Declare().Tasks[0].Caps,
            Required = true,
            Parse = ReportFormat.ExitCode,
            Parallel = false,
            Sandbox = Kernel.Effects.SandboxLevel.Strict,
            Inherit = [],
        };
        var run = new PlayedRun(tasks: t => t with { AcceptanceTests = [test] });
        Assert.Empty(Fail().OfType<Escalated>());
        run.Put(new RetryTask("one", new Actor("ada", "cli"), null));
        var escalated = Assert.Single(Fail().OfType<Escalated>());
        Assert.Equal((EscalationRule.AcceptanceFailedRepeatedly, "one"), (escalated.Trigger, escalated.TaskId));

        IReadOnlyList<Event> Fail()
        {
            run.Ask();
            run.Act(Given.Outcome());
            return run.End(run.Begin(TaskEffectId.Test), Given.Outcome(1));
        }
    }
}
