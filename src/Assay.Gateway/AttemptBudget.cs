using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Gateway;

/// <summary>
/// The money of one attempt, in millionths of a dollar. What a request can cost at most is put aside before it is sent, and replaced by
/// what it cost when that is known, so that requests at the same time cannot spend the same money twice. What is never known stays put
/// aside.
/// </summary>
internal sealed class AttemptBudget(TokenPrices? prices, Usd? most)
{
    private const long MostMicros = 1L << 60;

    private readonly Lock _gate = new();
    private long _spent;
    private long _reserved;
    private long _kept;
    private bool _hasUnknown;

    /// <summary>Whether every answer cost no more than was put aside for it; null: none has told what it cost.</summary>
    private bool? _boundsHold;

    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    /// <summary>
    /// Puts the most that a request can cost aside. Where that is more than is left, it goes alone, with what it is likely to cost: so
    /// the budget is passed by one request at most. It waits for those that are under way, since they give back what they do not need. The
    /// first goes alone too, and all of them once one has cost more than was put aside: then that is no bound.
    /// </summary>
    /// <param name="input">The most tokens that are paid for what is sent.</param>
    /// <param name="likelyInput">How many they are likely to be.</param>
    /// <param name="output">The longest answer that is wanted, in tokens.</param>
    /// <param name="leastOutput">An answer that may be no longer than this is none.</param>
    /// <param name="over">Ends the wait.</param>
    /// <returns>What was put aside, and how long the answer may be; null: what is left does not pay for it.</returns>
    public async Task<Reservation?> ReserveAsync(long input, long likelyInput, int output, int leastOutput, CancellationToken over)
    {
        while (true)
        {
            Task settled;
            lock (_gate)
            {
                var price = Price(input, 0, output);
                if (most is not { } limit) return Put(price, output);
                if (Taken + price <= limit.Micros && (_reserved == 0 || _boundsHold == true)) return Put(price, output);
                if (_reserved == 0)
                {
                    var left = limit.Micros - Taken;
                    var room = Affordable(left, likelyInput, output);
                    return room >= leastOutput ? Put(left, room) : null;
                }

                settled = _settled.Task;
            }

            await settled.WaitAsync(over).ConfigureAwait(false);
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
            if (cost is > 0 and var known && reserved > 0) _boundsHold = _boundsHold != false && known <= reserved;
            if (cost is null)
            {
                _hasUnknown = true;
                _kept = Math.Min(MostMicros, _kept + Math.Max(reserved, atLeast));
            }

            _settled.SetResult();
            _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private Reservation Put(long price, int output)
    {
        _reserved += price;
        return new Reservation(price, output);
    }

    /// <summary>The most tokens that an answer can have with what is left.</summary>
    private int Affordable(long left, long input, int output) => prices is not { Output: > 0 }
        ? Price(input, 0, 0) <= left ? output : 0
        : (int)Math.Clamp(Math.Floor((left - Math.Ceiling(input * prices.Input)) / prices.Output), 0, output);
}

/// <summary>What is put aside for a request.</summary>
/// <param name="Micros">In millionths of a dollar.</param>
/// <param name="OutputTokens">The longest answer that this pays for.</param>
internal sealed record Reservation(long Micros, int OutputTokens);
