using System.Globalization;

namespace Momentum;

/// <summary>Monthly closing prices: a row a month, a column a share; null where a share was not listed yet.</summary>
internal sealed class Prices
{
    private Prices(string[] symbols, DateOnly[] months, double?[][] close) => (Symbols, Months, Close) = (symbols, months, close);

    public string[] Symbols { get; }

    public DateOnly[] Months { get; }

    /// <summary>By month, then by share.</summary>
    public double?[][] Close { get; }

    /// <summary>Reads a snapshot from the data folder beside the program's own.</summary>
    public static Prices Load(string snapshotId)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "data", $"{snapshotId}.csv");
        if (!File.Exists(path)) throw new InputException($"there is no snapshot {snapshotId}");
        var rows = File.ReadLines(path).Skip(1).Select(line => line.Split(',')).Select(cells => (
            Symbol: cells[0],
            Month: DateOnly.ParseExact(cells[1], "MMM d yyyy", CultureInfo.InvariantCulture),
            Price: double.Parse(cells[2], CultureInfo.InvariantCulture))).ToList();
        var symbols = rows.Select(r => r.Symbol).Distinct().Order(StringComparer.Ordinal).ToArray();
        var months = rows.Select(r => r.Month).Distinct().Order().ToArray();
        var byKey = rows.ToDictionary(r => (r.Month, r.Symbol), r => r.Price);
        var close = months.Select(m => symbols.Select(s => byKey.TryGetValue((m, s), out var price) ? price : (double?)null).ToArray()).ToArray();
        return new Prices(symbols, months, close);
    }

    /// <summary>The row of a month such as <c>2009-01</c>.</summary>
    public int IndexOf(string month)
    {
        var index = Array.FindIndex(Months, m => Text(m) == month);
        return index >= 0 ? index : throw new InputException($"the snapshot has no month {month}");
    }

    /// <summary>What a share gained from one row to another; null where it was not listed in one of them.</summary>
    public double? Gain(int share, int from, int to) => from >= 0 && Close[from][share] is { } before && Close[to][share] is { } after ? (after / before) - 1 : null;

    public static string Text(DateOnly month) => month.ToString("yyyy-MM", CultureInfo.InvariantCulture);
}
