using System.Text;
using Assay.Kernel.Effects;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Tasks;

public sealed class AcceptanceRuleTests
{
    [Fact]
    public void A_test_that_ran_nothing_has_not_passed()
    {
        Assert.Equal("it ran no test", Judge(ReportFormat.JUnit, 0, "<testsuite/>").Reason);
        Assert.Equal("it left no report", Judge(ReportFormat.JUnit, 0, null).Reason);
        Assert.Equal("it ran no test", Judge(ReportFormat.Tap, 0, "1..0\n").Reason);
    }

    [Fact]
    public void A_good_report_does_not_make_up_for_a_bad_end()
    {
        var judged = Judge(ReportFormat.JUnit, 1, """<testsuite><testcase name="a"/></testsuite>""");
        Assert.Equal((false, "exit code 1"), (judged.Passed, judged.Reason));
        Assert.False(Judge(ReportFormat.ExitCode, 3, null).Passed);
        Assert.True(Judge(ReportFormat.ExitCode, 0, null).Passed);
    }

    [Theory]
    [InlineData(ReportFormat.ExitCode)]
    [InlineData(ReportFormat.Tap)]
    public void What_did_not_run_to_its_end_has_not_passed(ReportFormat format)
    {
        string? Reason(Func<ProcessOutcome, ProcessOutcome> change)
        {
            var judged = Judge(format, 0, "1..1\nok 1 - a\n", change);
            Assert.False(judged.Passed);
            return judged.Reason;
        }

        Assert.Equal("crashed: it could not be started: setpriv: no", Reason(o => o with { StartError = "setpriv: no" }));
        Assert.Equal("the engine could not bring it to its end: the disk is gone", Reason(o => o with { Problem = "the disk is gone" }));
        Assert.Equal("the engine could not bring it to its end: it left neither exit code nor signal", Reason(o => o with { ExitCode = null }));
    }

    [Fact]
    public void A_good_end_does_not_make_up_for_a_report_of_failures() =>
        Assert.Equal((false, "1 of 1 failed"), (Judge(ReportFormat.Tap, 0, "1..1\nnot ok 1 - a\n") is var judged ? (judged.Passed, judged.Reason) : default));

    [Theory]
    [InlineData(ReportFormat.Tap, 0, "1..5\nok 1\nok 2\nok 3\n", "planned 5 tests, 3 ran")]
    [InlineData(ReportFormat.Tap, 0, "1..1\nok 1\nok 2\n", "planned 1 test, 2 ran")]
    [InlineData(ReportFormat.Tap, 0, "1..5\nok 1\nok 2 # SKIP later\n", "planned 5 tests, 1 ran and 1 was skipped")]
    [InlineData(ReportFormat.Tap, 1, "1..5\nok 1\nnot ok 2\nok 3\n", "planned 5 tests, 3 ran; 1 of 3 failed; exit code 1")]
    [InlineData(ReportFormat.Tap, 0, "1..2\nok 1\nBail out! no disk\n", "Bail out! no disk")]
    [InlineData(ReportFormat.Tap, 0, "1..1\nok 1\n1..1\n", "a second plan: 1..1")]
    [InlineData(ReportFormat.Tap, 0, "1..2\nok 1\nok 1\n", "test 1 is reported twice")]
    [InlineData(ReportFormat.Tap, 0, "ok 1\nok 2\n", "its report cannot be read: it has no plan, such as 1..4, so nobody knows whether the 2 tests that ran are all")]
    [InlineData(ReportFormat.Tap, 3, "ok 1\n", "its report cannot be read: it has no plan, such as 1..4, so nobody knows whether the 1 test that ran is all; exit code 3")]
    [InlineData(ReportFormat.Trx, 0, """<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results><ResultSummary outcome="Aborted"/></TestRun>""", "the run ended as Aborted")]
    [InlineData(ReportFormat.Sarif, 0, """{"version":"2.1.0","runs":[{"invocations":[{"executionSuccessful":false}],"results":[]}]}""", "the tool did not come to its end")]
    public void A_report_that_falls_short_as_a_whole_is_told_in_its_words(ReportFormat format, int exitCode, string report, string reason)
    {
        var judged = Judge(format, exitCode, report);
        Assert.Equal((false, reason), (judged.Passed, judged.Reason));
    }

    [Fact]
    public void First_failures_are_few_and_short()
    {
        var lines = string.Concat(Enumerable.Range(1, 50).Select(i => $"not ok {i} - {new string('x', 5_000)}\n"));
        var judged = Judge(ReportFormat.Tap, 1, $"1..50\n{lines}");
        Assert.Equal((50, 5), (judged.Failures, judged.FirstFailures.Length));
        Assert.All(judged.FirstFailures, f => Assert.True(f.Length <= 400));
    }

    private static Lanes.Tasks.TestResult Judge(ReportFormat format, int exitCode, string? report, Func<ProcessOutcome, ProcessOutcome>? change = null)
    {
        var test = new AcceptanceTest
        {
            Name = "t",
            Kind = "unit",
            Command = ["t", "{report}"],
            Caps = new ProcessCaps { TimeMs = 1, KillMs = 2, StdoutBytes = 1, StderrBytes = 1 },
            Required = true,
            Parse = format,
            Parallel = false,
            Sandbox = SandboxLevel.Strict,
            Inherit = [],
        };
        var evidence = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        if (report is not null) evidence[TaskEffects.ReportFile] = Encoding.UTF8.GetBytes(report);
        var outcome = Given.Outcome(exitCode);
        return AcceptanceRule.Judge(test, change?.Invoke(outcome) ?? outcome, evidence);
    }
}
