using System.Globalization;
using System.Text;
using Assay.Lanes.Jobs;

namespace Assay.Server.Pages.Jobs;

/// <summary>A curve as SVG paths.</summary>
public sealed class CurveShape
{
    public const int Width = 720;
    public const int Height = 260;
    public const int Left = 56;
    public const int Right = Width - 12;

    private const int Top = 14;
    private const int Bottom = Height - 28;
    private const int GridLines = 4;

    private readonly IReadOnlyList<CurvePoint> _points;
    private readonly double _low;
    private readonly double _high;

    /// <param name="points">At least one.</param>
    public CurveShape(IReadOnlyList<CurvePoint> points)
    {
        _points = points;
        (Lowest, Highest) = (points.Min(p => p.Value), points.Max(p => p.Value));
        var pad = Math.Max((Highest - Lowest) * 0.05, Math.Abs(Highest) * 0.001 + 1e-9);
        (_low, _high) = (Lowest - pad, Highest + pad);
    }

    public double Lowest { get; }

    public double Highest { get; }

    public CurvePoint First => _points[0];

    public CurvePoint Last => _points[^1];

    public string Line => Path(new StringBuilder()).ToString();

    public string Area => Path(new StringBuilder()).Append(CultureInfo.InvariantCulture, $"L{Right} {Bottom}L{Left} {Bottom}Z").ToString();

    /// <summary>Lines across, each with the value it stands for.</summary>
    public IEnumerable<(string Y, string Label)> Grid => Enumerable.Range(0, GridLines + 1).Select(i =>
    {
        var value = _low + ((_high - _low) * i / GridLines);
        return (Number(Y(value)), value.ToString("0.00", CultureInfo.InvariantCulture));
    });

    private StringBuilder Path(StringBuilder path)
    {
        for (var i = 0; i < _points.Count; i++)
        {
            var x = _points.Count == 1 ? Left : Left + ((Right - Left) * (double)i / (_points.Count - 1));
            path.Append(i == 0 ? 'M' : 'L').Append(Number(x)).Append(' ').Append(Number(Y(_points[i].Value)));
        }

        return path;
    }

    private double Y(double value) => Bottom - ((Bottom - Top) * (value - _low) / (_high - _low));

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
