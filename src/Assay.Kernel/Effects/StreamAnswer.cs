using System.Text.Json.Serialization;

namespace Assay.Kernel.Effects;

/// <summary>
/// What a stream answers to a command of another stream. Each lane has records of its own for this, which the asking lane names in its
/// catalog (<see cref="EffectEvents.Catalog"/>) and records with its effect.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AcceptedAnswer), "accepted")]
[JsonDerivedType(typeof(RefusedAnswer), "refused")]
[JsonDerivedType(typeof(NoAnswer), "none")]
public abstract record StreamAnswer
{
    /// <summary>
    /// A document for whoever asks, which becomes durable with the answer. Not part of its bytes, and gone when it is read again.
    /// </summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Document { get; init; }

    /// <summary>Why the command did not come about, for a person; null when it did.</summary>
    [JsonIgnore]
    public virtual string? NotDone => null;
}

/// <summary>The command was taken, and there is nothing more to say.</summary>
public sealed record AcceptedAnswer : StreamAnswer
{
    public static readonly AcceptedAnswer Instance = new();
}

/// <summary>The command was refused.</summary>
/// <param name="Rule">The rule's short name.</param>
/// <param name="Message">What was refused and what to do.</param>
public sealed record RefusedAnswer(string Rule, string Message) : StreamAnswer
{
    [JsonIgnore]
    public override string? NotDone => $"{Rule}: {Message}";
}

/// <summary>The command could not be put to the stream.</summary>
/// <param name="Reason">Why.</param>
public sealed record NoAnswer(string Reason) : StreamAnswer
{
    [JsonIgnore]
    public override string? NotDone => $"it could not be done: {Reason}";
}
