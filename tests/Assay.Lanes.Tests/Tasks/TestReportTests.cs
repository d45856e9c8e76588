using System.Text;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

public sealed class TestReportTests
{
    [Theory]
    [InlineData(ReportFormat.JUnit, """<testsuites><testsuite failures="1"><testcase name="a"/><testcase classname="C" name="b"><failure message="no"/></testcase><testcase name="c"><skipped/></testcase></testsuite></testsuites>""", 2, 1, "C b: no")]
    [InlineData(ReportFormat.JUnit, """<testsuite errors="1"><testcase name="a"/></testsuite>""", 1, 1, null)]
    [InlineData(ReportFormat.JUnit, """<testsuite><testcase name="a"/></testsuite>""", 1, 0, null)]
    [InlineData(ReportFormat.Trx, """<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results><UnitTestResult testName="a" outcome="Passed"/><UnitTestResult testName="b" outcome="Failed"><Output><ErrorInfo><Message>no</Message></ErrorInfo></Output></UnitTestResult><UnitTestResult testName="c" outcome="NotExecuted"/></Results></TestRun>""", 2, 1, "b: no")]
    [InlineData(ReportFormat.Trx, """<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results><ResultSummary outcome="Aborted"/></TestRun>""", 1, 1, "the run ended as Aborted")]
    [InlineData(ReportFormat.Tap, "TAP version 13\n1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP later\n", 2, 1, "2 - b")]
    [InlineData(ReportFormat.Tap, "ok 1\nnot ok 2 - b # TODO some day\n1..2\n", 2, 0, null)]
    [InlineData(ReportFormat.Tap, "1..3\nok 1\nok 2\n", 2, 1, "planned 3 tests, 2 ran")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\nBail out! no disk\n", 1, 1, "Bail out! no disk")]
    [InlineData(ReportFormat.Tap, "    not ok 1 - of a subtest\n    1..1\nok 1 - parent\n1..1\n", 1, 0, null)]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[]}]}""", 0, 0, null)]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[{"ruleId":"R1","level":"error","message":{"text":"no"}},{"ruleId":"R2","message":{"text":"hm"}}]}]}""", 2, 1, "R1: no")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[{"level":"error","message":{"text":"x"},"suppressions":[{"kind":"inSource"}]}]}]}""", 1, 0, null)]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"invocations":[{"executionSuccessful":false}],"results":[]}]}""", 0, 1, "the tool did not come to its end")]
    public void A_report_says_how_many_ran_and_failed(ReportFormat format, string text, int tests, int failures, string? first)
    {
        var report = TestReport.Read(format, Encoding.UTF8.GetBytes(text));
        Assert.Equal((tests, failures), (report.Tests, report.Failures));
        if (first is not null) Assert.Equal(first, report.FirstFailures[0]);
    }

    [Theory]
    [InlineData(ReportFormat.JUnit, """<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&e;"/></testsuite>""")]
    [InlineData(ReportFormat.Trx, """<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><TestRun>&b;</TestRun>""")]
    [InlineData(ReportFormat.JUnit, "<html/>")]
    [InlineData(ReportFormat.JUnit, "no xml")]
    [InlineData(ReportFormat.Trx, "<testsuite/>")]
    [InlineData(ReportFormat.Tap, "ok 1\nok 2\n")]
    [InlineData(ReportFormat.Tap, "all is well")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.0.0","runs":[]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{}]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[1]}]}""")]
    [InlineData(ReportFormat.Sarif, "[")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[{"level":"Error","message":{"text":"m"}}]}]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[{"kind":"FAIL","level":"error","message":{"text":"m"}}]}]}""")]
    public void What_is_no_such_report_says_nothing(ReportFormat format, string text) =>
        Assert.Throws<ReportException>(() => TestReport.Read(format, Encoding.UTF8.GetBytes(text)));

    /// <summary>Reports that say somewhere that something failed, each as it was seen to pass a gate.</summary>
    [Theory]
    [InlineData(ReportFormat.JUnit, """<testsuite><testcase name="a"><properties><failure message="boom"/></properties></testcase></testsuite>""")]
    [InlineData(ReportFormat.JUnit, """<testsuite tests="2"><testcase name="a"><failure message="boom"/><skipped/></testcase><testcase name="b"/></testsuite>""")]
    [InlineData(ReportFormat.JUnit, """<testsuite failures="2" tests="3"><testsuite tests="1"><testcase name="a"/></testsuite></testsuite>""")]
    [InlineData(ReportFormat.JUnit, """<testsuites failures="3" errors="1"><testsuite tests="1"><testcase name="a"/></testsuite></testsuites>""")]
    [InlineData(ReportFormat.JUnit, """<testsuite><testcase name="a"/><error message="teardown crashed"/></testsuite>""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"invocations":[{"executionSuccessful":true,"toolExecutionNotifications":[{"level":"error","message":{"text":"crashed on 40 files"}}]}],"results":[]}]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[{"id":"sqli","defaultConfiguration":{"level":"error"}}]}},"results":[{"ruleId":"sqli","message":{"text":"m"}}]}]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[{"id":"x"},{"id":"sqli","defaultConfiguration":{"level":"error"}}]}},"results":[{"ruleIndex":1,"message":{"text":"m"}}]}]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"},"extensions":[{"name":"e","rules":[{"id":"r","defaultConfiguration":{"level":"error"}}]}]},"results":[{"rule":{"id":"r"},"message":{"text":"m"}}]}]}""")]
    [InlineData(ReportFormat.Sarif, """{"version":"2.1.0","runs":[{"results":[{"ruleId":"x","level":"error","message":{"text":"m"},"suppressions":[{"kind":"external","status":"rejected"}]}]}]}""")]
    [InlineData(ReportFormat.Tap, "1..1\nok 1\n bail out! lost\n")]
    [InlineData(ReportFormat.Tap, "1..1\n    not ok 1 - sub\n    Bail out! db gone\nok 1\n")]
    [InlineData(ReportFormat.Tap, "\uFEFFnot ok 1 - bom\n1..1\n")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\rnot ok 2\n")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\nok 1\n")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\nnot ok 2 - a \\# TODO sign is escaped\n")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\nnot ok 2 - fixes issue #skip-link\n")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\nnot ok 2 - list of #todos is empty\n")]
    [InlineData(ReportFormat.Tap, "1..2\nok 1\nnot ok 2 # SKIP it\n")]
    [InlineData(ReportFormat.Tap, "1..5\nok 1\n1..1\n")]
    [InlineData(ReportFormat.Trx, """<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results><ResultSummary outcome="failed"/></TestRun>""")]
    [InlineData(ReportFormat.Trx, """<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results><ResultSummary outcome="Disconnected"/></TestRun>""")]
    [InlineData(ReportFormat.Trx, """<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results><ResultSummary outcome="Completed"><Counters total="5" failed="4"/></ResultSummary></TestRun>""")]
    [InlineData(ReportFormat.Trx, """<TestRun><Results><UnitTestResult testName="a" outcome="Passed"/></Results><ResultSummary outcome="Completed"/><ResultSummary outcome="Failed"/></TestRun>""")]
    public void A_failure_counts_wherever_a_report_says_it(ReportFormat format, string text) =>
        Assert.True(TestReport.Read(format, Encoding.UTF8.GetBytes(text)).Failures > 0);

    public static TheoryData<ReportFormat, string, string> Hostile => new()
    {
        { ReportFormat.JUnit, $"<testsuite>{Many("<testcase>", 400_000)}", "nested deeper than 64" },
        { ReportFormat.JUnit, Many("<testsuite>", 400_000) + Many("</testsuite>", 400_000), "nested deeper than 64" },
        { ReportFormat.JUnit, "<testsuite failures=\"99999999999999999999\"/>", "no number of failures" },
        { ReportFormat.JUnit, "<testsuite failures=\"-3\"><testcase name=\"a\"/></testsuite>", "no number of failures" },
        { ReportFormat.Trx, $"<TestRun>{Many("<UnitTestResult outcome=\"Failed\">", 400_000)}", "nested deeper than 64" },
        { ReportFormat.Sarif, Many("[", 4_000_000), "depth" },
        { ReportFormat.Sarif, $$"""{"version":"2.1.0","runs":{{Many("[", 70)}}{{Many("]", 70)}}}""", "depth" },
        { ReportFormat.Tap, Many("ok ", 2_000_000) + Many("# # ", 1_000_000), "no plan" },
    };

    /// <summary>Far more than any of it takes, and less than what goes through a document again for each of its parts.</summary>
    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_report_that_was_made_to_keep_its_reader_busy_does_not(ReportFormat format, string text, string problem)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var read = Task.Run(() => Assert.Throws<ReportException>(() => TestReport.Read(format, bytes)), TestContext.Current.CancellationToken);
        Assert.Contains(problem, (await read.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_failures_are_counted_and_the_first_are_kept()
    {
        var report = TestReport.Read(ReportFormat.JUnit, Encoding.UTF8.GetBytes($"<testsuite>{Many($"<testcase name=\"a\"><error>{Many("x", 5_000)}</error></testcase>", 1_000)}</testsuite>"));
        Assert.Equal((1_000, 1_000, 50), (report.Tests, report.Failures, report.FirstFailures.Length));
        Assert.Equal(1_000, report.FirstFailures[0].Length);
    }

    [Fact]
    public void A_failure_inside_a_case_within_a_case_counts()
    {
        var report = TestReport.Read(ReportFormat.JUnit, "<testsuite><testcase name=\"a\"><testcase name=\"b\"><failure>no</failure></testcase></testcase></testsuite>"u8.ToArray());
        Assert.Equal((2, 1, "b: no"), (report.Tests, report.Failures, report.FirstFailures[0]));
    }

    private static string Many(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
