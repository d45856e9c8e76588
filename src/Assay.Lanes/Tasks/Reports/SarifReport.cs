using System.Text.Json;
using Assay.Kernel.Json;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// SARIF 2.1.0: each result of kind <c>fail</c> and level <c>error</c> is a failure (sections 3.27.9 and 3.27.10: both are the defaults of
/// what a result leaves out, the level as <c>warning</c>). A tool that did not come to its end is one too.
/// </summary>
internal static class SarifReport
{
    private static readonly string[] Kinds = ["fail", "pass", "open", "review", "informational", "notApplicable"];
    private static readonly string[] Levels = ["error", "warning", "note", "none"];

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
        var count = new ReportCount();
        foreach (var run in runs.EnumerateArray())
        {
            foreach (var invocation in List(run, "invocations")) Invocation(invocation, count);

            // A run without results says that nothing was looked for (section 3.14.23).
            if (!run.TryGetProperty("results", out var found) || found.ValueKind == JsonValueKind.Null)
            {
                throw new ReportException("a run has no results, which are an empty list when there is nothing to say");
            }

            foreach (var result in found.EnumerateArray())
            {
                var isFailure = Word(result, "kind", "fail", Kinds) == "fail" && Level(result, run) == "error" && !IsSuppressed(result);
                count.Add(isFailure ? $"{Text(result, "ruleId", "?")}: {Message(result)}" : null);
            }
        }

        return count.Report();
    }

    /// <summary>A tool that did not come to its end, or says that something went wrong on its way.</summary>
    private static void Invocation(JsonElement invocation, ReportCount count)
    {
        if (!invocation.GetProperty("executionSuccessful").GetBoolean()) count.AddFailure("the tool did not come to its end");
        foreach (var notification in List(invocation, "toolExecutionNotifications").Concat(List(invocation, "toolConfigurationNotifications")))
        {
            if (Word(notification, "level", "warning", Levels) == "error") count.AddFailure($"the tool: {Message(notification)}");
        }
    }

    /// <summary>The level of a result: its own, else its rule's (section 3.27.10), else a warning.</summary>
    private static string Level(JsonElement result, JsonElement run)
    {
        if (result.TryGetProperty("level", out _)) return Word(result, "level", "warning", Levels);
        var rule = Rule(result, run);
        return rule is { } found && found.TryGetProperty("defaultConfiguration", out var configuration)
            ? Word(configuration, "level", "warning", Levels)
            : "warning";
    }

    /// <summary>The rule of a result, among those of the driver and of its extensions: by its index, else by its id.</summary>
    private static JsonElement? Rule(JsonElement result, JsonElement run)
    {
        if (!run.TryGetProperty("tool", out var tool)) return null;
        var components = List(tool, "extensions").ToList();
        if (tool.TryGetProperty("driver", out var driver)) components.Insert(0, driver);
        var reference = result.TryGetProperty("rule", out var named) ? named : result;
        var id = Text(result, "ruleId", Text(reference, "id", ""));
        var rules = components.SelectMany(component => List(component, "rules")).ToList();
        foreach (var rule in rules)
        {
            if (id.Length > 0 && Text(rule, "id", "") == id) return rule;
        }

        var hasIndex = result.TryGetProperty("ruleIndex", out var index) || reference.TryGetProperty("index", out index);
        var own = components.Count > 0 ? List(components[0], "rules").ToList() : [];
        return hasIndex && index.TryGetInt32(out var at) && at >= 0 && at < own.Count ? own[at] : null;
    }

    /// <summary>Something that was suppressed, and nobody has said no to that or looks at it still (section 3.35.3).</summary>
    private static bool IsSuppressed(JsonElement result)
    {
        var suppressions = List(result, "suppressions").ToList();
        return suppressions.Count > 0 && suppressions.TrueForAll(s => Text(s, "status", "accepted") == "accepted");
    }

    private static IEnumerable<JsonElement> List(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string Word(JsonElement element, string name, string otherwise, string[] words)
    {
        var word = Text(element, name, otherwise);
        return words.Contains(word) ? word : throw new ReportException($"{BoundedText.Cut(word, 20)} is no {name}");
    }

    private static string Text(JsonElement element, string name, string otherwise) =>
        element.TryGetProperty(name, out var value) ? value.GetString() ?? otherwise : otherwise;

    private static string Message(JsonElement result) =>
        result.TryGetProperty("message", out var message) ? Text(message, "text", Text(message, "id", "")) : "";
}
