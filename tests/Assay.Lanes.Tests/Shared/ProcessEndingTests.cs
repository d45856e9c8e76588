using Assay.Kernel.Effects;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Shared;

public sealed class ProcessEndingTests
{
    /// <summary>All that can be wrong with one process, the first in the order of judging on top.</summary>
    private static readonly (ProcessEnding Ending, Func<ProcessOutcome, ProcessOutcome> Make)[] Order =
    [
        (new ProcessEnding.NotStarted("no such file"), o => o with { StartError = "no such file" }),
        (new ProcessEnding.NoEnd("the disk is gone"), o => o with { Problem = "the disk is gone" }),
        (new ProcessEnding.ChangedInputs(["a.txt"]), o => o with { ChangedInputs = ["a.txt"] }),
        (new ProcessEnding.MeterUnreadable("cut", KillReason.Timeout), o => o with { MeterProblem = "cut" }),
        (new ProcessEnding.Killed(KillReason.Timeout), o => o with { KillReason = KillReason.Timeout }),
        (new ProcessEnding.Signalled(9), o => o with { Signal = 9 }),
        (new ProcessEnding.Exited(3, LeftRunRoot: true), o => o with { ExitCode = 3 }),
    ];

    [Fact]
    public void Of_all_that_is_wrong_the_first_is_meant()
    {
        for (var first = 0; first < Order.Length; first++)
        {
            var run = Order[first..].Aggregate(Given.Outcome(null), (outcome, wrong) => wrong.Make(outcome));
            AssertSame(Order[first].Ending, ProcessEnding.Of(run));
        }
    }

    [Fact]
    public void A_process_that_its_inputs_kept_from_starting_ended_by_them_and_another_has_an_end_of_its_own()
    {
        var kept = Given.Outcome(null) with { ChangedInputs = ["a.txt"] };
        AssertSame(new ProcessEnding.ChangedInputs(["a.txt"]), ProcessEnding.ByItself(kept));
        AssertSame(new ProcessEnding.Exited(0, LeftRunRoot: true), ProcessEnding.ByItself(kept with { ExitCode = 0 }));
    }

    [Fact]
    public void Jobs_name_an_input_that_changed_before_a_program_that_did_not_start_and_tasks_after_it()
    {
        var run = Given.Outcome(null) with { StartError = "gone", ChangedInputs = ["tool"] };
        Assert.Equal("changed", StageJudge.ProcessProblem(run)!.Kind.Code);
        Assert.Equal("crashed: it could not be started: gone", AttemptRule.ProcessProblem(run, [0]));
    }

    [Fact]
    public void Only_jobs_ask_for_the_folder_of_a_run_that_ended_well()
    {
        var run = Given.Outcome() with { RunRootPresent = false };
        Assert.Equal("run_root", StageJudge.ProcessProblem(run)!.Kind.Code);
        Assert.Null(AttemptRule.ProcessProblem(run, [0]));
    }

    private static void AssertSame(ProcessEnding expected, ProcessEnding found) => Assert.Equal($"{expected}{Names(expected)}", $"{found}{Names(found)}");

    private static string Names(ProcessEnding ending) => ending is ProcessEnding.ChangedInputs { Names: var names } ? string.Join(' ', names) : "";
}
