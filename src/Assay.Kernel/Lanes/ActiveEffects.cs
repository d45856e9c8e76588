using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>
/// Which effects of a stream are under way, and how often each was tried. It is folded once, beside the lane's state, and given to the lane
/// with every question whose answer may hang on it.
/// </summary>
public sealed record ActiveEffects
{
    /// <summary>Those of a stream without events.</summary>
    public static readonly ActiveEffects None = new();

    /// <summary>Those under way, each with its beginning, by id.</summary>
    public ImmutableSortedDictionary<string, EffectStarted> InFlight { get; internal init; } =
        ImmutableSortedDictionary.Create<string, EffectStarted>(StringComparer.Ordinal);

    /// <summary>How many are under way.</summary>
    public int Count => InFlight.Count;

    /// <summary>The ids of those under way, in ordinal order.</summary>
    public IEnumerable<string> Ids => InFlight.Keys;

    /// <summary>The number of the last attempt at each that ever began.</summary>
    internal AttemptCounts Attempts { get; init; } = AttemptCounts.None;

    /// <summary>Whether an effect is under way.</summary>
    public bool Contains(string effectId) => InFlight.ContainsKey(effectId);

    /// <summary>The number that the next attempt at an effect gets.</summary>
    public int NextAttempt(string effectId) => Attempts[effectId] + 1;

    /// <summary>What they are after one more event of the stream.</summary>
    internal ActiveEffects Evolve(Event body) => body switch
    {
        EffectStarted began => new ActiveEffects
        {
            InFlight = InFlight.SetItem(began.EffectId, began),
            Attempts = Attempts.With(began.EffectId, began.Attempt),
        },
        EffectEvent ended => this with { InFlight = InFlight.Remove(ended.EffectId) },
        _ => this,
    };
}
