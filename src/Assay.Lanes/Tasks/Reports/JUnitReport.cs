using System.Text;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// JUnit XML as Ant, Maven, pytest and others write it: <c>testcase</c> elements, of which some hold <c>failure</c>, <c>error</c> or
/// <c>skipped</c>. A failure counts wherever it stands, also outside of cases, where only counts say so, and beside <c>skipped</c>.
/// </summary>
internal sealed class JUnitReport
{
    private readonly Stack<Suite> _suites = new();
    private readonly Stack<Case> _cases = new();
    private readonly ReportCount _count = new();
    private long _counted;
    private StringBuilder? _text;

    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var report = new JUnitReport();
        XmlReport.Read(bytes, ["testsuites", "testsuite"], report.Take);
        return report._count.Report(atLeast: report._counted);
    }

    private void Take(XmlReport xml)
    {
        if (xml.Text is { } text) _text?.Append(text);
        else if (xml.IsEnd) End(xml.Name, xml.Depth);
        else Begin(xml);
    }

    private void Begin(XmlReport xml)
    {
        switch (xml.Name)
        {
            case "testsuites" or "testsuite":
                _suites.Push(new Suite(Number(xml["failures"]) + Number(xml["errors"])));
                break;
            case "testcase":
                _cases.Push(new Case($"{xml["classname"]} {xml["name"]}", xml.Depth));
                break;
            case "skipped" when _cases.TryPeek(out var open):
                open.IsSkipped = true;
                break;
            case "failure" or "error" when _cases.TryPeek(out var open):
                if (open.HasFailed) break;
                open.HasFailed = true;
                open.Message = xml["message"];
                _text = open.Message is null ? new StringBuilder() : null;
                break;
            case "failure" or "error":
                _count.AddFailure($"outside of any case: {xml["message"]}");
                break;
        }

        if (xml.IsEmpty) End(xml.Name, xml.Depth);
    }

    private void End(string name, int depth)
    {
        if (_cases.TryPeek(out var open) && open.Depth == depth)
        {
            if (open.HasFailed || !open.IsSkipped) _count.Add(open.HasFailed ? $"{open.Name}: {open.Message}".Trim() : null);
            _cases.Pop();
        }
        else if (name is "failure" or "error" && _text is not null && open is not null)
        {
            open.Message = _text.ToString().Trim();
            _text = null;
        }
        else if (name is "testsuites" or "testsuite" && _suites.TryPop(out var suite))
        {
            // A suite's own count has those of the suites in it, where a tool adds them up.
            var failures = Math.Max(suite.Failures, suite.Inside);
            if (_suites.TryPeek(out var parent)) parent.Inside += failures;
            else _counted += failures;
        }
    }

    private static long Number(string? text)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        return int.TryParse(text, out var number) && number >= 0
            ? number
            : throw new ReportException($"{BoundedText.Cut(text, 20)} is no number of failures");
    }

    /// <summary>A suite that is being read, with what it says of its failures.</summary>
    private sealed class Suite(long failures)
    {
        public long Failures => failures;

        /// <summary>What the suites in it say.</summary>
        public long Inside { get; set; }
    }

    /// <summary>A case that is being read.</summary>
    private sealed class Case(string name, int depth)
    {
        public string Name => name;

        public int Depth => depth;

        public bool IsSkipped { get; set; }

        public bool HasFailed { get; set; }

        public string? Message { get; set; }
    }
}
