using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Assay.Lanes.Jobs;

/// <summary>Reads <c>curve.csv</c>: a heading, then a date and a value a line.</summary>
internal static class CurveText
{
    private const int MaxPoints = 20_000;

    /// <summary>The points of lines that are well formed; a program's mistake in one line does not hide the others.</summary>
    public static ImmutableArray<CurvePoint> Parse(ReadOnlySpan<byte> bytes)
    {
        var points = ImmutableArray.CreateBuilder<CurvePoint>();
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1).Take(MaxPoints))
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            if (comma > 0 && double.TryParse(line[(comma + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
            {
                points.Add(new CurvePoint(line[..comma], value));
            }
        }

        return points.ToImmutable();
    }
}
