namespace Assay.Lanes.Tasks.Reports;

/// <summary>TRX of the Visual Studio test platform: <c>UnitTestResult</c> elements with an <c>outcome</c>.</summary>
internal static class TrxReport
{
    private static readonly string[] NotRun = ["NotExecuted", "NotRunnable", "Inconclusive", "Pending"];

    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var root = XmlReport.Read(bytes);
        if (root.Name.LocalName != "TestRun") throw new ReportException($"its root is {root.Name.LocalName}, not TestRun");
        var results = root.All("UnitTestResult").Where(r => !NotRun.Contains((string?)r.Attribute("outcome"))).ToList();
        var failed = results.Where(r => (string?)r.Attribute("outcome") != "Passed").ToList();
        var summary = (string?)root.All("ResultSummary").FirstOrDefault()?.Attribute("outcome");
        var aborted = failed.Count == 0 && summary is "Failed" or "Error" or "Aborted" or "Timeout";
        return new TestReport(results.Count, aborted ? 1 : failed.Count, aborted ? [$"the run ended as {summary}"] : [.. failed.Select(r =>
            $"{(string?)r.Attribute("testName")}: {r.All("Message").FirstOrDefault()?.Value.Trim() ?? (string?)r.Attribute("outcome")}")]);
    }
}
