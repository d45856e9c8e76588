using System.Collections.Immutable;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>What the engine tells a lane of one attempt at an effect.</summary>
public abstract record EffectReport(Effect Effect, int Attempt);

/// <summary>It came to its end.</summary>
/// <param name="Effect">The effect as the lane asked for it.</param>
/// <param name="Attempt">1 for the first try.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Evidence">The content of what the lane asked to see, by name; <c>stdout</c> is standard output.</param>
public sealed record EffectCompleted(
    Effect Effect, int Attempt, EffectOutcome Outcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Evidence) : EffectReport(Effect, Attempt);

/// <summary>Its outcome is not known. Only the lane can say whether it may be run again.</summary>
/// <param name="Effect">The effect as the lane would ask for it.</param>
/// <param name="Attempt">The attempt that was lost.</param>
/// <param name="Reason">What is known of how.</param>
/// <param name="Partial">The output that had been kept until then.</param>
public sealed record EffectLost(Effect Effect, int Attempt, string Reason, ImmutableArray<Captured> Partial) : EffectReport(Effect, Attempt)
{
    /// <summary>The most that it can have cost, where it had a gateway with prices; null: nothing tells.</summary>
    public Usd? CostAtMost { get; init; }
}
