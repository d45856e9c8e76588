using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>Figures of a row of months. Returns and volatility are those of a year.</summary>
internal sealed record Figures(int Months, double Return, double Benchmark, double Volatility, double Sharpe, double MaxDrawdown, double Turnover)
{
    public static Figures Of(IReadOnlyList<Month> months)
    {
        if (months.Count == 0) return new Figures(0, 0, 0, 0, 0, 0, 0);
        var gain = PerYear(months.Select(m => m.Gain));
        var mean = months.Average(m => m.Gain);
        var volatility = Math.Sqrt(months.Sum(m => Math.Pow(m.Gain - mean, 2)) / Math.Max(1, months.Count - 1)) * Math.Sqrt(12);
        var (value, peak, drawdown) = (1.0, 1.0, 0.0);
        foreach (var month in months)
        {
            value *= 1 + month.Gain;
            peak = Math.Max(peak, value);
            drawdown = Math.Min(drawdown, (value / peak) - 1);
        }

        return new Figures(
            months.Count, gain, PerYear(months.Select(m => m.Benchmark)), volatility, volatility == 0 ? 0 : mean * 12 / volatility, drawdown, months.Average(m => m.Turnover));
    }

    public JsonObject ToJson() => new()
    {
        ["months"] = Months,
        ["annual_return"] = Round(Return),
        ["benchmark_annual_return"] = Round(Benchmark),
        ["excess_return"] = Round(Return - Benchmark),
        ["annual_volatility"] = Round(Volatility),
        ["sharpe"] = Round(Sharpe),
        ["max_drawdown"] = Round(MaxDrawdown),
        ["turnover"] = Round(Turnover),
    };

    private static double PerYear(IEnumerable<double> gains)
    {
        var list = gains.ToList();
        return Math.Pow(list.Aggregate(1.0, (value, gain) => value * (1 + gain)), 12.0 / list.Count) - 1;
    }

    private static double Round(double value) => Math.Round(value, 6);
}
