using System.Text.RegularExpressions;
using Assay.Lanes.Tasks;

namespace Assay.Observe;

/// <summary>Values of variables that programs are given, which no log and no page shows.</summary>
internal sealed partial class Secrets
{
    private const string Shown = "[redacted]";

    /// <summary>Shorter values stand in too many texts by chance.</summary>
    private const int MinLength = 6;

    private readonly string[] _values;

    private Secrets(IEnumerable<string> names) =>
        _values = [.. names.Select(Environment.GetEnvironmentVariable).OfType<string>().Where(v => v.Length >= MinLength).Distinct(StringComparer.Ordinal).OrderByDescending(v => v.Length)];

    /// <summary>The secrets of a run: variables that its adapters inherit, that stand in headers, or that sign its webhook.</summary>
    public static Secrets Of(ExecutionState run)
    {
        var names = run.Adapters.Values.SelectMany(a => a.Inherit.Concat(a.Headers.Values.SelectMany(h => Placeholder().Matches(h).Select(m => m.Groups["name"].Value))));
        return new Secrets(run.Declared.Escalation?.SecretVariable is { } key ? names.Append(key) : names);
    }

    /// <summary>The values of variables, as far as this process has them.</summary>
    public static Secrets OfVariables(IEnumerable<string> names) => new(names);

    public string Redact(string text)
    {
        foreach (var value in _values) text = text.Replace(value, Shown, StringComparison.Ordinal);
        return text;
    }

    [GeneratedRegex(@"\{env:(?<name>[A-Za-z_][A-Za-z0-9_]*)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
