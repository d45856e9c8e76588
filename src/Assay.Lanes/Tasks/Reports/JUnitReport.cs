namespace Assay.Lanes.Tasks.Reports;

/// <summary>JUnit XML as Ant, Maven, pytest and others write it: <c>testcase</c> elements, of which some hold <c>failure</c>, <c>error</c> or <c>skipped</c>.</summary>
internal static class JUnitReport
{
    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var root = XmlReport.Read(bytes);
        if (root.Name.LocalName is not ("testsuites" or "testsuite")) throw new ReportException($"its root is {root.Name.LocalName}, not testsuites or testsuite");
        var cases = root.All("testcase").Where(c => c.Child("skipped") is null).ToList();
        var failed = cases.Where(c => c.Child("failure") is not null || c.Child("error") is not null).ToList();

        // A suite may fail outside of its cases, in which case only its counts say so.
        var counted = root.All("testsuite").Where(s => s.Child("testsuite") is null).Sum(s => Number((string?)s.Attribute("failures")) + Number((string?)s.Attribute("errors")));
        return new TestReport(cases.Count, Math.Max(failed.Count, counted), [.. failed.Select(c =>
        {
            var problem = c.Child("failure") ?? c.Child("error")!;
            return $"{(string?)c.Attribute("classname")} {(string?)c.Attribute("name")}: {(string?)problem.Attribute("message") ?? problem.Value.Trim()}".Trim();
        })]);
    }

    private static long Number(string? text) => long.TryParse(text, out var number) ? number : 0;
}
