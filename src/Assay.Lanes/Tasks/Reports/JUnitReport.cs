using System.Text;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks.Reports;

/// <summary>JUnit XML as Ant, Maven, pytest and others write it: <c>testcase</c> elements, of which some hold <c>failure</c>, <c>error</c> or <c>skipped</c>.</summary>
internal sealed class JUnitReport
{
    private readonly Stack<Suite> _suites = new();
    private readonly ReportCount _count = new();
    private long _counted;
    private readonly Stack<Case> _cases = new();
    private StringBuilder? _text;

    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var report = new JUnitReport();
        XmlReport.Read(bytes, ["testsuites", "testsuite"], report.Take);

        // A suite may fail outside of its cases, in which case only its counts say so.
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
            case "testsuite":
                if (_suites.TryPeek(out var parent)) parent.HoldsSuites = true;
                _suites.Push(new Suite(Number(xml["failures"]) + Number(xml["errors"])));
                break;
            case "testcase":
                _cases.Push(new Case($"{xml["classname"]} {xml["name"]}", xml.Depth));
                break;
            case "skipped" when CaseAt(xml.Depth - 1) is { } skipped:
                skipped.IsSkipped = true;
                break;
            case "failure" or "error" when CaseAt(xml.Depth - 1) is { HasFailed: false } failed:
                failed.HasFailed = true;
                failed.Message = xml["message"];
                _text = failed.Message is null ? new StringBuilder() : null;
                break;
        }

        if (xml.IsEmpty) End(xml.Name, xml.Depth);
    }

    private void End(string name, int depth)
    {
        if (CaseAt(depth) is { } ended)
        {
            if (!ended.IsSkipped) _count.Add(ended.HasFailed ? $"{ended.Name}: {ended.Message}".Trim() : null);
            _cases.Pop();
        }
        else if (name is "failure" or "error" && _text is not null && CaseAt(depth - 1) is { } failed)
        {
            failed.Message = _text.ToString().Trim();
            _text = null;
        }
        else if (name == "testsuite" && _suites.TryPop(out var suite) && !suite.HoldsSuites)
        {
            _counted += suite.Failures;
        }
    }

    /// <summary>The innermost case that is being read, if it lies that deep.</summary>
    private Case? CaseAt(int depth) => _cases.TryPeek(out var innermost) && innermost.Depth == depth ? innermost : null;

    private static long Number(string? text)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        return int.TryParse(text, out var number) && number >= 0 ? number : throw new ReportException($"{BoundedText.Cut(text, 20)} is no number of failures");
    }

    /// <summary>A suite that is being read, with what it says of its failures.</summary>
    private sealed class Suite(long failures)
    {
        public long Failures => failures;

        public bool HoldsSuites { get; set; }
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
