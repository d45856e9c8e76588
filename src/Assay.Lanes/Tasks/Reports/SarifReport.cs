using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Lanes.Tasks.Reports;

/// <summary>
/// SARIF 2.1.0: each result of kind <c>fail</c> and level <c>error</c> is a failure (sections 3.27.9 and 3.27.10: both are the defaults of what a result leaves
/// out, the level as <c>warning</c>). A tool that did not come to its end is one too.
/// </summary>
internal static class SarifReport
{
    public static TestReport Read(ReadOnlyMemory<byte> bytes)
    {
        var document = StrictJson.Parse(bytes, "the report", StrictJson.UntrustedDepth);
        if (!document.IsValid) throw new ReportException(document.Problems[0].ToString());
        try
        {
            return Read(document.Value);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            throw new ReportException($"it is no SARIF: {e.Message}");
        }
    }

    private static TestReport Read(JsonElement root)
    {
        var isKnown = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("version", out var version) && version.GetString() == "2.1.0";
        if (!isKnown) throw new ReportException("its version is not 2.1.0");
        var runs = root.GetProperty("runs");
        if (runs.GetArrayLength() == 0) throw new ReportException("it holds no run");
        var failures = new List<string>();
        long results = 0;
        foreach (var run in runs.EnumerateArray())
        {
            if (run.TryGetProperty("invocations", out var invocations))
            {
                failures.AddRange(invocations.EnumerateArray().Where(i => !i.GetProperty("executionSuccessful").GetBoolean()).Select(_ => "the tool did not come to its end"));
            }

            // A run without results says that nothing was looked for (section 3.14.23).
            if (!run.TryGetProperty("results", out var found) || found.ValueKind == JsonValueKind.Null) throw new ReportException("a run has no results, which are an empty list when there is nothing to say");
            foreach (var result in found.EnumerateArray())
            {
                results++;
                if (Text(result, "kind", "fail") == "fail" && Text(result, "level", "warning") == "error" && !IsSuppressed(result)) failures.Add($"{Text(result, "ruleId", "?")}: {Message(result)}");
            }
        }

        return new TestReport(results, failures.Count, [.. failures]);
    }

    private static bool IsSuppressed(JsonElement result) => result.TryGetProperty("suppressions", out var list) && list.GetArrayLength() > 0;

    private static string Text(JsonElement element, string name, string otherwise) => element.TryGetProperty(name, out var value) ? value.GetString() ?? otherwise : otherwise;

    private static string Message(JsonElement result) => result.TryGetProperty("message", out var message) ? Text(message, "text", Text(message, "id", "")) : "";
}
