using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>Which effects of a stream are under way, and how often each was tried.</summary>
public sealed record ActiveEffects
{
    public static readonly ActiveEffects None = new();

    /// <summary>By effect id.</summary>
    public ImmutableSortedDictionary<string, EffectStarted> InFlight { get; internal init; } =
        ImmutableSortedDictionary.Create<string, EffectStarted>(StringComparer.Ordinal);

    internal AttemptCounts Attempts { get; init; } = AttemptCounts.None;

    /// <summary>The number that the next attempt at an effect gets.</summary>
    public int NextAttempt(string effectId) => Attempts[effectId] + 1;

    internal ActiveEffects Evolve(Event body) => body switch
    {
        EffectStarted started => new ActiveEffects
        {
            InFlight = InFlight.SetItem(started.EffectId, started),
            Attempts = Attempts.With(started.EffectId, started.Attempt),
        },
        EffectEvent ended => this with { InFlight = InFlight.Remove(ended.EffectId) },
        _ => this,
    };
}
