using System.Text.Json.Nodes;

namespace Momentum;

/// <summary>Each month hold, in equal parts, the shares that gained most (or least) over the months before.</summary>
/// <param name="LookbackMonths">The months over which the gain is measured.</param>
/// <param name="SkipMonths">The latest months that are left out of it.</param>
/// <param name="Top">How many shares are held.</param>
/// <param name="Winners">Hold those that gained most; else those that gained least.</param>
/// <param name="CostBps">What it costs to change the whole holding, in hundredths of a percent.</param>
internal sealed record Strategy(int LookbackMonths, int SkipMonths, int Top, bool Winners, double CostBps)
{
    public static Strategy Read(JsonObject document)
    {
        var strategy = document["strategy"]!.AsObject();
        return new Strategy(
            Number(strategy, "lookback_months", 1, 24), Number(strategy, "skip_months", 0, 6), Number(strategy, "top", 1, 5),
            (string?)strategy["hold"] switch
            {
                "winners" or null => true,
                "losers" => false,
                var other => throw new InputException($"/strategy/hold is {other}: it is winners or losers"),
            },
            (double?)strategy["cost_bps"] ?? 10);
    }

    public JsonObject ToJson() => new()
    {
        ["lookback_months"] = LookbackMonths,
        ["skip_months"] = SkipMonths,
        ["top"] = Top,
        ["hold"] = Winners ? "winners" : "losers",
        ["cost_bps"] = CostBps,
    };

    /// <summary>The shares to hold through the month behind a row, by what was known at that row.</summary>
    public IReadOnlyList<int> Choose(Prices prices, int row)
    {
        var gains = Enumerable.Range(0, prices.Symbols.Length)
            .Select(share => (Share: share, Gain: prices.Gain(share, row - SkipMonths - LookbackMonths, row - SkipMonths)))
            .Where(g => g.Gain is not null && prices.Close[row][g.Share] is not null);
        var ordered = Winners ? gains.OrderByDescending(g => g.Gain) : gains.OrderBy(g => g.Gain);
        return [.. ordered.ThenBy(g => g.Share).Take(Top).Select(g => g.Share)];
    }

    private static int Number(JsonObject strategy, string key, int min, int max) => (int?)strategy[key] is { } value && value >= min && value <= max
        ? value
        : throw new InputException($"/strategy/{key} must be a whole number from {min} to {max}");
}
