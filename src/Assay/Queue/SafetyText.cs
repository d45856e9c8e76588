using System.Text;
using System.Text.Json;
using Assay.Kernel.Values;
using Assay.Lanes.Queue.Safety;

namespace Assay.Queue;

/// <summary>A safety report as a program and as a person reads it.</summary>
internal static class SafetyText
{
    private const string Ask = "a person may let it start";

    /// <summary>The report as JSON.</summary>
    public static string Json(SafetyReport report) => JsonSerializer.Serialize(report, SafetyJson.Default.SafetyReport);

    /// <summary>A line for the verdict, one for each rule that was broken, and what to do.</summary>
    public static string Lines(SafetyReport report)
    {
        var text = new StringBuilder(WireName<SafetyVerdict>.Of(report.Verdict));
        if (report.Effect is { } effect) text.Append(" · ").Append(WireName<SafetyEffect>.Of(effect)).Append('s');
        foreach (var finding in report.Checks)
        {
            if (finding.Rule is not { } rule) continue;
            var verdict = finding.Verdict == report.Verdict ? "" : $" ({WireName<SafetyVerdict>.Of(finding.Verdict)})";
            text.Append("\n  ").Append(finding.Check).Append(": ").Append(rule).Append(verdict);
            if (finding.Where is { Length: > 0 } where) text.Append(" at ").Append(where);
            if (finding.Shown is { Length: > 0 } shown) text.Append(": ").Append(shown);
        }

        return text.Append(Advice(report) is { } advice ? "\n  → " + advice : "").ToString();
    }

    private static string? Advice(SafetyReport report)
    {
        if (report.Verdict == SafetyVerdict.Allow) return null;
        if (report.Verdict == SafetyVerdict.NeedsApproval) return Ask;
        var rules = report.Checks.Where(static c => c.Verdict == SafetyVerdict.Deny).Select(static c => c.Rule).ToHashSet(StringComparer.Ordinal);
        if (rules.Contains(SafetyRules.ConstraintsUnavailable)) return "mend the file, or write the shipped one: assay queue check --init";
        if (rules.Contains(SafetyRules.ShellSyntax)) return "no shell reads it: give one program with its words, or put the script into the tree and list it";
        if (rules.Contains(SafetyRules.NeedsWorkingTree)) return "give the task a working_tree: it works in a copy, and its change is reviewed";
        return rules is { Count: 1 } && rules.Contains(SafetyRules.NotListed)
            ? "list it in safety_constraints.json when it is harmless"
            : "write it differently; nothing exempts from this rule";
    }
}
