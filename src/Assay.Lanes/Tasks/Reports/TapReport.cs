using System.Globalization;
using System.Text;

namespace Assay.Lanes.Tasks;

/// <summary>
/// TAP, versions 12 to 14: a plan, and lines <c>ok</c> and <c>not ok</c>. Subtests are indented and sum up in their parent's line. A plan that was not kept,
/// that is missing or stands there twice is a failure, and so is a number that is reported twice. What is not clearly a directive is none.
/// </summary>
internal sealed class TapReport
{
    private const int MaxDigits = 9;
    private const string Passed = "ok";
    private const string Failed = "not ok";
    private const string BailOut = "Bail out!";

    private readonly ReportCount _count = new();
    private readonly HashSet<long> _numbers = [];
    private long _ran;
    private long _skipped;
    private long? _planned;
    private string? _bailed;

    private enum Directive
    {
        None,
        Skip,
        Todo,
    }

    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var report = new TapReport();
        foreach (var line in Encoding.UTF8.GetString(bytes.Span).TrimStart('\uFEFF').Split('\n', '\r')) report.Take(line);
        return report.End();
    }

    private void Take(string line)
    {
        if (line.AsSpan().TrimStart().StartsWith(BailOut, StringComparison.OrdinalIgnoreCase)) _bailed ??= line.Trim();
        if (Plan(line) is { } plan)
        {
            if (_planned is not null) _count.AddFailure($"a second plan: {line}");
            _planned = plan;
        }

        if (!IsPoint(line, out var hasFailed, out var number, out var directive)) return;
        if (number is { } n && !_numbers.Add(n)) _count.AddFailure($"test {n} is reported twice");
        if (directive == Directive.Skip && !hasFailed)
        {
            _skipped++;
            return;
        }

        _ran++;
        _count.Add(hasFailed && directive != Directive.Todo ? line[Failed.Length..].TrimStart() : null);
    }

    private TestReport End()
    {
        if (_bailed is not null) _count.AddFailure(_bailed);
        else if (_planned is null) throw new ReportException(NoPlan);
        else if (_planned != _ran + _skipped) _count.AddFailure($"planned {Tests(_planned.Value)}, {Ran}");
        return _count.Report();
    }

    private string NoPlan =>
        $"it has no plan, such as 1..4, so nobody knows whether the {Tests(_ran)} that ran {(_ran == 1 ? "is" : "are")} all";

    private string Ran => _skipped == 0 ? $"{_ran} ran" : $"{_ran} ran and {_skipped} {(_skipped == 1 ? "was" : "were")} skipped";

    private static string Tests(long count) => count == 1 ? "1 test" : $"{count} tests";

    /// <summary>How many tests a line plans, such as <c>1..4</c> or <c>1..0 # nothing here</c>; null when it plans none.</summary>
    private static long? Plan(ReadOnlySpan<char> line)
    {
        const string first = "1..";
        if (!line.StartsWith(first)) return null;
        var rest = line[first.Length..].TrimStart("0123456789");
        var number = Number(line[first.Length..^rest.Length]);
        rest = rest.TrimStart();
        return rest.IsEmpty || rest[0] == '#' ? number : null;
    }

    /// <summary>Whether a line is of a test, how that ended, its number, and what is said behind the <c>#</c>.</summary>
    private static bool IsPoint(ReadOnlySpan<char> line, out bool hasFailed, out long? number, out Directive directive)
    {
        (hasFailed, number, directive) = (line.StartsWith(Failed, StringComparison.OrdinalIgnoreCase), null, Directive.None);
        if (!hasFailed && !line.StartsWith(Passed, StringComparison.OrdinalIgnoreCase)) return false;
        var rest = line[(hasFailed ? Failed.Length : Passed.Length)..];
        if (!rest.IsEmpty && (char.IsLetterOrDigit(rest[0]) || rest[0] == '_')) return false;
        var told = rest.TrimStart();
        number = Number(told[..^told.TrimStart("0123456789").Length]);
        directive = DirectiveIn(rest);
        return true;
    }

    /// <summary>A <c>#</c> behind a blank, and the word by itself: <c># SKIP</c>, <c># skipped: why</c>, <c># TODO</c>.</summary>
    private static Directive DirectiveIn(ReadOnlySpan<char> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\') at++;
            else if (text[at] == '#' && (at == 0 || char.IsWhiteSpace(text[at - 1])))
            {
                var said = text[(at + 1)..].TrimStart();
                var length = said.IndexOfAny(" \t:");
                var word = length < 0 ? said : said[..length];
                if (word.Equals("TODO", StringComparison.OrdinalIgnoreCase)) return Directive.Todo;
                var isSkip = word.StartsWith("SKIP", StringComparison.OrdinalIgnoreCase) && word.TrimEnd("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz").IsEmpty;
                return isSkip ? Directive.Skip : Directive.None;
            }
        }

        return Directive.None;
    }

    private static long? Number(ReadOnlySpan<char> digits) => digits.Length is > 0 and <= MaxDigits ? long.Parse(digits, CultureInfo.InvariantCulture) : null;
}
