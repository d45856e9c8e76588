using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>What the engine itself records of an effect. A lane's fold sees these beside its own events.</summary>
public abstract record EffectEvent(string EffectId, int Attempt) : Event;

/// <summary>Durable before the effect begins.</summary>
/// <param name="EffectId">The effect.</param>
/// <param name="Attempt">1 for the first try.</param>
/// <param name="Session">The worker session that performs it.</param>
/// <param name="Host">The host it runs on.</param>
/// <param name="BootId">The host's boot, so that "nothing was started" can be proved only within it.</param>
public sealed record EffectStarted(string EffectId, int Attempt, string Session, string Host, string BootId) : EffectEvent(EffectId, Attempt);

/// <summary>The effect came to its end. Whatever cannot be derived from the ledger is durable before this is.</summary>
public sealed record EffectFinished(string EffectId, int Attempt, EffectOutcome Outcome) : EffectEvent(EffectId, Attempt);

/// <summary>The engine died while the effect was under way; what it left running was ended, and its outcome is not known.</summary>
/// <param name="EffectId">The effect.</param>
/// <param name="Attempt">The attempt that was lost.</param>
/// <param name="Reason">What is known of how.</param>
/// <param name="Partial">The output that had been kept until then.</param>
public sealed record EffectInterrupted(string EffectId, int Attempt, string Reason, ImmutableArray<Captured> Partial) : EffectEvent(EffectId, Attempt)
{
    /// <summary>The most that it can have cost, where it had a gateway with prices; null: nothing tells.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usd? CostAtMost { get; init; }
}

/// <summary>What every lane's catalog begins with.</summary>
public static class EffectEvents
{
    /// <summary>A catalog that holds the events of effects and nothing else yet.</summary>
    /// <param name="answers">The answers that the lane may get of others; null: none that says more than yes or no.</param>
    /// <param name="upcasts">What brings EFFECT_FINISHED of older versions to this one.</param>
    public static EventCatalog Catalog(AnswerKinds? answers = null, params IReadOnlyList<Upcast> upcasts) => new EventCatalog()
        .Add("EFFECT_STARTED", static () => EffectJson.Default.EffectStarted)
        .Add("EFFECT_FINISHED", () => (answers ?? AnswerKinds.None).Finished, upcasts)
        .Add("EFFECT_INTERRUPTED", static () => EffectJson.Default.EffectInterrupted);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true)] // canonical order puts the discriminator where the alphabet wants it
[JsonSerializable(typeof(EffectStarted))]
[JsonSerializable(typeof(EffectFinished), GenerationMode = JsonSourceGenerationMode.Metadata)] // its answers are other lanes' own
[JsonSerializable(typeof(EffectInterrupted))]
[JsonSerializable(typeof(CapsInForce))]
internal sealed partial class EffectJson : JsonSerializerContext;
