using System.Text;

namespace Assay.Lanes.Tasks;

/// <summary>
/// TRX of the Visual Studio test platform: <c>UnitTestResult</c> elements with an <c>outcome</c>, and summaries with their own and with counts.
/// What the summaries say of failures counts also where no result shows them.
/// </summary>
internal sealed class TrxReport
{
    private static readonly string[] NotRun = ["NotExecuted", "NotRunnable", "Inconclusive", "Pending"];
    private static readonly string[] EndedWell = ["Completed", "Passed", "Warning"];
    private static readonly string[] CountsOfFailures = ["failed", "error", "timeout", "aborted", "passedButRunAborted", "disconnected"];

    private readonly Stack<Result> _results = new();
    private readonly ReportCount _count = new();
    private string? _ended;
    private long _counted;
    private StringBuilder? _message;

    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var report = new TrxReport();
        XmlReport.Read(bytes, ["TestRun"], report.Take);
        var count = report._count.Report(atLeast: report._counted);
        if (count.Failures > 0 || report._ended is null) return count;
        report._count.AddFailure($"the run ended as {report._ended}");
        return report._count.Report();
    }

    private void Take(XmlReport xml)
    {
        if (xml.Text is { } text) _message?.Append(text);
        else if (xml.IsEnd) End(xml.Name, xml.Depth);
        else Begin(xml);
    }

    private void Begin(XmlReport xml)
    {
        if (xml.Name == "UnitTestResult") _results.Push(new Result(xml["testName"], xml["outcome"], xml.Depth));
        else if (xml.Name == "ResultSummary" && !EndedWell.Contains(xml["outcome"] ?? "Completed")) _ended ??= xml["outcome"];
        else if (xml.Name == "Counters") _counted = Math.Max(_counted, CountsOfFailures.Sum(name => Number(xml[name])));
        else if (xml.Name == "Message" && _results.Any(r => r.Message is null)) _message = new StringBuilder();
        if (xml.IsEmpty) End(xml.Name, xml.Depth);
    }

    private void End(string name, int depth)
    {
        if (name == "Message" && _message is not null)
        {
            // The first message inside a result is its own, also where that lies in a result within it.
            foreach (var open in _results) open.Message ??= _message.ToString().Trim();
            _message = null;
        }
        else if (_results.TryPeek(out var result) && result.Depth == depth)
        {
            _results.Pop();
            if (!NotRun.Contains(result.Outcome)) _count.Add(result.Outcome == "Passed" ? null : $"{result.Name}: {result.Message ?? result.Outcome}");
        }
    }

    private static long Number(string? text)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        return int.TryParse(text, out var number) && number >= 0 ? number : throw new ReportException("its counters are no numbers");
    }

    /// <summary>A result that is being read.</summary>
    private sealed class Result(string? name, string? outcome, int depth)
    {
        public string? Name => name;

        public string? Outcome => outcome;

        public int Depth => depth;

        public string? Message { get; set; }
    }
}
