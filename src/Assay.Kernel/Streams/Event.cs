using System.Text.Json.Serialization;

namespace Assay.Kernel.Streams;

/// <summary>Something that happened, as one stream records it. Each lane closes its own hierarchy below this.</summary>
public abstract record Event
{
    /// <summary>
    /// Documents that become durable with the event, which names them by their digests. Not part of its bytes, and gone when it is read
    /// again.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<Blob>? Attached { get; init; }
}

/// <summary>An event with the place and the time at which it was recorded.</summary>
/// <param name="Version">1 for the first event of its stream.</param>
/// <param name="At">When it was recorded, in UTC, by the clock of whoever appended it.</param>
/// <param name="Body">What happened.</param>
public sealed record RecordedEvent(long Version, DateTimeOffset At, Event Body)
{
    /// <summary>
    /// The lines of growing files that were made with it; null in an event of format 1, with which they were not recorded.
    /// </summary>
    public IReadOnlyList<RecordedLine>? Lines { get; init; } = [];
}

/// <summary>A line of a growing file, as its event records it.</summary>
/// <param name="Root">Folder below which the file lies; null for the workspace.</param>
/// <param name="Path">Relative to the root.</param>
/// <param name="Offset">The byte at which the line begins.</param>
/// <param name="Bytes">Its length with the line break.</param>
/// <param name="Sha256">The digest of its bytes, which are a blob of the ledger.</param>
public sealed record RecordedLine(string? Root, string Path, long Offset, int Bytes, Digest Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<RecordedLine>))]
internal sealed partial class EnvelopeJson : JsonSerializerContext;
