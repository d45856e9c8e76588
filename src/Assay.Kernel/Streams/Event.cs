using System.Text.Json.Serialization;

namespace Assay.Kernel.Streams;

/// <summary>Something that happened, as one stream records it. Each lane closes its own hierarchy below this.</summary>
public abstract record Event
{
    /// <summary>Documents that become durable with the event, which names them by their digests. Not part of its bytes, and gone when it is read again.</summary>
    [JsonIgnore]
    public IReadOnlyList<Blob>? Attached { get; init; }
}

/// <summary>An event with the place and the time at which it was recorded.</summary>
/// <param name="Version">1 for the first event of its stream.</param>
/// <param name="At">When it was recorded, in UTC, by the clock of whoever appended it.</param>
/// <param name="Body">What happened.</param>
public sealed record RecordedEvent(long Version, DateTimeOffset At, Event Body);
