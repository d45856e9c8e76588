using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Gateway;

/// <summary>
/// The money of one attempt. What a request can cost at most is put aside before it is sent, and replaced by what it cost when that is
/// known, so that requests at the same time cannot spend the same money twice.
/// </summary>
internal sealed class Purse(TokenPrices? prices, Usd? most)
{
    /// <summary>More tokens than this no request has; whoever counts more is not believed.</summary>
    private const long MostTokens = 1L << 40;

    private readonly Lock _gate = new();
    private long _spent;
    private long _reserved;

    /// <summary>What was spent; null: not known, since there are no prices.</summary>
    public Usd? Spent
    {
        get
        {
            lock (_gate) return prices is null ? null : new Usd(_spent);
        }
    }

    /// <summary>What so many tokens cost, in millionths of a dollar, rounded up: a dollar for a million of them is a millionth for each.</summary>
    public long Price(long input, long cached, long output)
    {
        if (prices is null) return 0;
        (input, output) = (Math.Min(input, MostTokens), Math.Min(output, MostTokens));
        cached = Math.Min(cached, input);
        return (long)Math.Ceiling(((input - cached) * prices.Input) + (cached * prices.CachedInput) + (output * prices.Output));
    }

    /// <summary>The most tokens that an answer can have with what is left, when so many are sent.</summary>
    public long Affordable(long input)
    {
        if (prices is not { Output: > 0 } || most is not { } limit) return long.MaxValue;
        lock (_gate) return (long)Math.Max(0, Math.Floor((limit.Micros - _spent - _reserved - Math.Ceiling(input * prices.Input)) / prices.Output));
    }

    /// <summary>Puts the price of a request aside; false: there is not so much left.</summary>
    public bool TryReserve(long price)
    {
        lock (_gate)
        {
            if (most is { } limit && _spent + _reserved + price > limit.Micros) return false;
            _reserved += price;
            return true;
        }
    }

    /// <summary>Whether a request that has a reservation may go on, by what it has cost so far.</summary>
    public bool Suffices(long reserved, long soFar)
    {
        lock (_gate) return most is not { } limit || _spent + (_reserved - reserved) + soFar <= limit.Micros;
    }

    /// <summary>What a request cost in the end.</summary>
    public void Settle(long reserved, long cost)
    {
        lock (_gate)
        {
            _reserved -= reserved;
            _spent += cost;
        }
    }
}
