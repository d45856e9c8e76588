using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Trees;
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
            var unread = $"its report cannot be read: {e.Message}";
            return Result(passed: false, TestReport.Nothing, problem is null ? unread : $"{unread}; {problem}");
        }

        if (report.Failures > 0) return Result(passed: false, report, Failed(report, problem));
        if (problem is not null) return Result(passed: false, report, problem);
        if (report.Tests > 0 || test.Parse == ReportFormat.Sarif) return Result(passed: true, report, null);
        return Result(passed: false, report, test.Check is null ? "it ran no test" : BuiltInCheck.NothingKnown);
    }

    /// <summary>Why a report does not pass: what it falls short of as a whole first, since counts of cases do not tell that.</summary>
    private static string Failed(TestReport report, string? problem)
    {
        var cases = report.Failures - report.OfNoCase;
        if (report.Complaints.IsEmpty) return $"{cases} of {report.Tests} failed";
        var counted = cases > 0 ? $"{cases} of {report.Tests} failed" : null;
        return string.Join("; ", report.Complaints.Append(counted).Append(problem).OfType<string>());
    }

    /// <summary>Why a test has not passed that changed the tree in which it ran; null when it changed only what it may.</summary>
    public static string? Spoils(AcceptanceTest test, CheckOutcome check)
    {
        var outputs = test.Outputs.Select(o => GlobPattern.Parse(o)!).ToList();
        var foreign = check.Files.Where(f => !outputs.Exists(o => o.Matches(f))).ToList();
        var unseen = check.Count - check.Files.Length;
        if (foreign.Count == 0 && unseen == 0) return null;
        var first = foreign.Count > 0 ? ScopeRule.Shown(foreign[0]) : $"{check.Count} files";
        var more = foreign.Count + unseen > 1 ? $" and {foreign.Count + unseen - 1} more" : "";
        return $"it changed the tree that it tests ({first}{more}): what a test may write there is declared in its outputs";
    }

    /// <summary>A result, now that it is known what its test did to the tree.</summary>
    public static TestResult Checked(TestResult result, TestChecked looked) =>
        looked.Spoiled is { } why && result.Name == looked.Name
            ? result with { Passed = false, Reason = why, Output = result.Output ?? looked.Output }
            : result;

    /// <summary>Why the gate as a whole did not pass; null when it did.</summary>
    public static string? Problem(TaskState task)
    {
        var failed = task.Tests.Where(t => t is { Required: true, Passed: false }).ToList();
        return failed.Count == 0 ? null : BoundedText.Cut(string.Join("; ", failed.Select(t => $"{t.Name}: {t.Reason}")), MaxProblem);
    }

    /// <summary>What a program that only has an exit code said last, on standard error at the very end.</summary>
    private static ImmutableArray<string> LastLines(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var said = new[] { "stdout", "stderr" }.Select(n => System.Text.Encoding.UTF8.GetString(evidence.GetValueOrDefault(n).Span));
        return [.. said.Select(t => t.TrimEnd()).Where(t => t.Length > 0).SelectMany(t => t.Split('\n')).TakeLast(MaxFailures)];
    }
}
