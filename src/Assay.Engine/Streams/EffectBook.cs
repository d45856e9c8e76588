using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>The engine's own fold over a stream: which effects are under way, and how often each was tried.</summary>
public sealed record EffectBook(ImmutableSortedDictionary<string, EffectStarted> InFlight, ImmutableDictionary<string, int> Attempts)
{
    public static readonly EffectBook Empty =
        new(ImmutableSortedDictionary.Create<string, EffectStarted>(StringComparer.Ordinal), ImmutableDictionary.Create<string, int>(StringComparer.Ordinal));

    /// <summary>The number that the next attempt at an effect gets.</summary>
    public int NextAttempt(string effectId) => Attempts.GetValueOrDefault(effectId) + 1;

    public EffectBook Evolve(Event body) => body switch
    {
        EffectStarted started => new EffectBook(InFlight.SetItem(started.EffectId, started), Attempts.SetItem(started.EffectId, started.Attempt)),
        EffectEvent ended => this with { InFlight = InFlight.Remove(ended.EffectId) },
        _ => this,
    };
}
