using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Gateway;

/// <summary>
/// The money of one attempt, in millionths of a dollar. What a request can cost at most is put aside before it is sent, and replaced by what
/// it cost when that is known, so that requests at the same time cannot spend the same money twice. What is never known stays put aside.
/// </summary>
internal sealed class AttemptBudget(TokenPrices? prices, Usd? most)
{
    private const long MostMicros = 1L << 60;

    private readonly Lock _gate = new();
    private long _spent;
    private long _reserved;
    private long _kept;
    private bool _hasUnknown;

    /// <summary>What was spent; null: not known, since there are no prices, or nobody has told what some answer cost.</summary>
    public Usd? Spent
    {
        get
        {
            lock (_gate) return prices is null || _hasUnknown || _reserved > 0 ? null : new Usd(_spent);
        }
    }

    /// <summary>The most that it can have cost; null: there are no prices.</summary>
    public Usd? AtMost
    {
        get
        {
            lock (_gate) return prices is null ? null : new Usd(Taken);
        }
    }

    private long Taken => Math.Min(MostMicros, _spent + _reserved + _kept);

    /// <summary>What so many tokens cost, rounded up: a dollar for a million of them is a millionth for each.</summary>
    public long Price(long input, long cached, long output)
    {
        if (prices is null) return 0;
        cached = Math.Min(cached, input);
        var price = Math.Ceiling(((input - cached) * prices.Input) + (cached * prices.CachedInput) + (output * prices.Output));
        return (long)Math.Min(price, MostMicros / 1024);
    }

    /// <summary>The most tokens that an answer can have with what is left, when so many are sent.</summary>
    public long Affordable(long input)
    {
        if (prices is not { Output: > 0 } || most is not { } limit) return long.MaxValue;
        lock (_gate) return (long)Math.Max(0, Math.Floor((limit.Micros - Taken - Math.Ceiling(input * prices.Input)) / prices.Output));
    }

    /// <summary>Puts the price of a request aside; false: there is not so much left.</summary>
    public bool TryReserve(long price)
    {
        lock (_gate)
        {
            if (most is { } limit && Taken + price > limit.Micros) return false;
            _reserved += price;
            return true;
        }
    }

    /// <summary>Whether a request that has a reservation may go on, by what it has cost so far.</summary>
    public bool Suffices(long reserved, long soFar)
    {
        lock (_gate) return soFar <= reserved || most is not { } limit || Taken - reserved + soFar <= limit.Micros;
    }

    /// <summary>Ends a reservation.</summary>
    /// <param name="reserved">What was put aside.</param>
    /// <param name="cost">What it cost in the end; null: nobody knows.</param>
    /// <param name="atLeast">What it had cost when it was last seen.</param>
    public void Settle(long reserved, long? cost, long atLeast)
    {
        lock (_gate)
        {
            _reserved -= reserved;
            _spent = Math.Min(MostMicros, _spent + (cost ?? 0));
            if (cost is not null) return;
            _hasUnknown = true;
            _kept = Math.Min(MostMicros, _kept + Math.Max(reserved, atLeast));
        }
    }
}
