using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// Whether an acceptance test passed: its program ended well, its report could be read, and the report names cases of which none failed. A test that ran
/// nothing has not passed (lane document: Tasks, Acceptance tests; ruling 35).
/// </summary>
internal static class AcceptanceRule
{
    private const int MaxFailures = 5;
    private const int MaxFailureChars = 400;
    private const int MaxProblem = 2_000;

    public static TestResult Judge(AcceptanceTest test, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        TestResult Result(bool passed, TestReport report, string? reason) => new(
            test.Name, test.Required, passed, report.Tests, report.Failures, reason is null ? null : BoundedText.Cut(reason, 1_000),
            [.. report.FirstFailures.Take(MaxFailures).Select(f => BoundedText.Cut(f, MaxFailureChars))], run.DurationMs)
        {
            Egress = run.Egress is { Attempts.IsEmpty: false } egress ? egress : null,
        };

        var problem = AttemptRule.ProcessProblem(run, [0]);
        if (test.Parse == ReportFormat.ExitCode)
        {
            return Result(problem is null, problem is null ? new TestReport(1, 0, []) : new TestReport(1, 1, LastLines(evidence)), problem);
        }

        var isOnStdout = !test.Command.Any(w => w.Contains("{report}", StringComparison.Ordinal));
        var name = isOnStdout ? "stdout" : TaskEffects.ReportFile;
        if (run.Stdout.Truncated && isOnStdout) return Result(passed: false, TestReport.Nothing, "the report was cut at the output cap");
        if (!evidence.TryGetValue(name, out var bytes) || bytes.IsEmpty) return Result(passed: false, TestReport.Nothing, problem ?? "it left no report");
        TestReport report;
        try
        {
            report = TestReport.Read(test.Parse, bytes);
        }
        catch (ReportException e)
        {
            return Result(passed: false, TestReport.Nothing, $"its report cannot be read: {e.Message}");
        }

        if (report.Failures > 0) return Result(passed: false, report, $"{report.Failures} of {report.Tests} failed");
        if (problem is not null) return Result(passed: false, report, problem);
        return report.Tests == 0 && test.Parse != ReportFormat.Sarif ? Result(passed: false, report, "it ran no test") : Result(passed: true, report, null);
    }

    /// <summary>Why the gate as a whole did not pass; null when it did.</summary>
    public static string? Problem(TaskState task)
    {
        var failed = task.Tests.Where(t => t is { Required: true, Passed: false }).ToList();
        return failed.Count == 0 ? null : BoundedText.Cut(string.Join("; ", failed.Select(t => $"{t.Name}: {t.Reason}")), MaxProblem);
    }

    /// <summary>What a program that only has an exit code said last.</summary>
    private static ImmutableArray<string> LastLines(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var text = System.Text.Encoding.UTF8.GetString(evidence.GetValueOrDefault("stdout").Span).TrimEnd();
        return text.Length == 0 ? [] : [.. text.Split('\n').TakeLast(MaxFailures)];
    }
}
