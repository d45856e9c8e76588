using System.Globalization;
using System.Text;

namespace Assay.Lanes.Tasks.Reports;

/// <summary>
/// TAP, versions 12 to 14: a plan, and lines <c>ok</c> and <c>not ok</c>. Subtests are indented and sum up in their parent's line. A plan that was not kept, or
/// that is missing, is a failure.
/// </summary>
internal static class TapReport
{
    private const int MaxPlanDigits = 9;
    private const string Passed = "ok";
    private const string Failed = "not ok";

    private enum Directive
    {
        None,
        Skip,
        Todo,
    }

    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var count = new ReportCount();
        long seen = 0;
        long? planned = null;
        string? bailed = null;
        foreach (var line in Encoding.UTF8.GetString(bytes.Span).Split('\n').Select(l => l.TrimEnd('\r')))
        {
            planned = Plan(line) ?? planned;
            if (line.StartsWith("Bail out!", StringComparison.Ordinal)) bailed = line;
            if (!IsPoint(line, out var hasFailed, out var directive)) continue;
            seen++;
            if (directive == Directive.Skip) continue;
            count.Add(hasFailed && directive != Directive.Todo ? line[Failed.Length..].TrimStart() : null);
        }

        if (bailed is not null) count.AddFailure(bailed);
        else if (planned is null) throw new ReportException("it has no plan, such as 1..4");
        else if (planned != seen) count.AddFailure($"{planned} tests were planned and {seen} reported");
        return count.Report();
    }

    /// <summary>How many tests a line plans, such as <c>1..4</c> or <c>1..0 # nothing here</c>; null when it plans none.</summary>
    private static long? Plan(ReadOnlySpan<char> line)
    {
        const string first = "1..";
        if (!line.StartsWith(first)) return null;
        var rest = line[first.Length..].TrimStart("0123456789");
        var digits = line[first.Length..^rest.Length];
        rest = rest.TrimStart();
        return digits.Length is > 0 and <= MaxPlanDigits && (rest.IsEmpty || rest[0] == '#') ? long.Parse(digits, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Whether a line is of a test, how that ended, and what is said behind the <c>#</c>.</summary>
    private static bool IsPoint(ReadOnlySpan<char> line, out bool hasFailed, out Directive directive)
    {
        (hasFailed, directive) = (line.StartsWith(Failed, StringComparison.OrdinalIgnoreCase), Directive.None);
        if (!hasFailed && !line.StartsWith(Passed, StringComparison.OrdinalIgnoreCase)) return false;
        var rest = line[(hasFailed ? Failed.Length : Passed.Length)..];
        if (!rest.IsEmpty && (char.IsLetterOrDigit(rest[0]) || rest[0] == '_')) return false;
        var said = rest.IndexOf('#') is >= 0 and var hash ? rest[(hash + 1)..].TrimStart() : default;
        if (said.StartsWith("SKIP", StringComparison.OrdinalIgnoreCase)) directive = Directive.Skip;
        else if (said.StartsWith("TODO", StringComparison.OrdinalIgnoreCase)) directive = Directive.Todo;
        return true;
    }
}
