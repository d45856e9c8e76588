using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Tasks.Reports;

/// <summary>
/// TAP, versions 12 to 14: a plan, and lines <c>ok</c> and <c>not ok</c>. Subtests are indented and sum up in their parent's line. A plan that was not kept, or
/// that is missing, is a failure.
/// </summary>
internal static partial class TapReport
{
    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var failures = new List<string>();
        long tests = 0, seen = 0;
        long? planned = null;
        string? bailed = null;
        foreach (var line in Encoding.UTF8.GetString(bytes.Span).Split('\n').Select(l => l.TrimEnd('\r')))
        {
            if (PlanLine().Match(line) is { Success: true } plan) planned = long.Parse(plan.Groups["last"].ValueSpan, CultureInfo.InvariantCulture);
            if (line.StartsWith("Bail out!", StringComparison.Ordinal)) bailed = line;
            var point = PointLine().Match(line);
            if (!point.Success) continue;
            seen++;
            var directive = point.Groups["directive"].Value.ToUpperInvariant();
            if (directive == "SKIP") continue;
            tests++;
            if (point.Groups["not"].Success && directive != "TODO") failures.Add(line.Length > "not ok ".Length ? line["not ok ".Length..] : line);
        }

        if (bailed is not null) failures.Add(bailed);
        else if (planned is null) throw new ReportException("it has no plan, such as 1..4");
        else if (planned != seen) failures.Add($"{planned} tests were planned and {seen} reported");
        return new TestReport(tests, failures.Count, [.. failures]);
    }

    [GeneratedRegex(@"^1\.\.(?<last>\d{1,9})\s*(#.*)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlanLine();

    [GeneratedRegex(@"^(?<not>not )?ok\b[^#]*(#\s*(?<directive>SKIP|TODO)?\S*.*)?$", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PointLine();
}
