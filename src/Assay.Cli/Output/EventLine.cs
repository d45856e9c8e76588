using System.Globalization;
using System.Text.Json;
using Assay.Host;
using Assay.Kernel.Streams;

namespace Assay.Cli.Output;

/// <summary>An event in one line: position, local time, stream, version, type, and what it says in short.</summary>
internal static class EventLine
{
    private const int MaxSummary = 120;
    private const int MaxValue = 48;

    /// <summary>
    /// What a line tells of an event's data: names, states, numbers and verdicts. Commands, environments and texts that work wrote stay in the
    /// record, since they may hold what is nobody's to read over a shoulder.
    /// </summary>
    private static readonly HashSet<string> Told = new(StringComparer.Ordinal)
    {
        "attempt", "by", "circuit", "decision", "duration_ms", "epoch_profile", "exit_code", "failure", "fallback", "generation", "healthy",
        "kill_reason", "kind", "mode", "outcome", "passed", "phase", "profile", "reached", "required", "rung", "sandbox", "signal", "stage",
        "state", "status", "step", "verdict", "via",
    };

    public static string Of(long position, ReadOnlyMemory<byte> shown)
    {
        var fields = EventEnvelope.Fields(shown);
        var summary = Summary(fields.Data);
        var what = $"{fields.Stream}  {fields.Version}  {fields.Type}  {Words.Safe(summary)}";
        return string.Create(CultureInfo.InvariantCulture, $"{position,7}  {Shown.Time(fields.At)}  {what}").TrimEnd();
    }

    private static string Summary(JsonElement data)
    {
        var text = string.Join(' ', Parts(data));
        return text.Length <= MaxSummary ? text : $"{text[..(MaxSummary - 1)]}…";
    }

    private static IEnumerable<string> Parts(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object) yield break;
        foreach (var property in data.EnumerateObject())
        {
            var isTold = Told.Contains(property.Name) || property.Name.EndsWith("_id", StringComparison.Ordinal);
            if (property.Value.ValueKind == JsonValueKind.Object && isTold)
            {
                foreach (var inner in Parts(property.Value)) yield return inner;
            }
            else if (isTold && Value(property.Value) is { } value)
            {
                yield return $"{property.Name}={value}";
            }
        }
    }

    private static string? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        JsonValueKind.String when value.GetString() is { Length: > 0 and <= MaxValue } text => text,
        _ => null,
    };
}
