using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Kernel.Streams;

/// <summary>
/// The exact bytes of a recorded event: canonical JSON (RFC 8785) of
/// <c>{ at, data, format, lines, prev, stream, type, type_version, version }</c>. Their SHA-256 is the event's hash, and the next event's <c>prev</c>.
/// <c>lines</c> is left out when there are none, <c>type_version</c> when it is 1. Format 1 had neither these nor <c>format</c>. The key <c>_sd</c> of
/// <c>data</c> is kept for the digests of fields that can be erased (RFC 9901).
/// </summary>
public static class EventEnvelope
{
    /// <summary>The most that one event may take: the entry limit of C2SP tlog-tiles.</summary>
    public const int MaxBytes = 65_535;

    /// <summary>The format that events are written in.</summary>
    public const int Format = 2;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>Writes events as a chain that goes on from <paramref name="head"/>.</summary>
    /// <exception cref="EventTooLargeException">An event takes more than <see cref="MaxBytes"/>.</exception>
    public static IReadOnlyList<SealedEvent> Seal(
        StreamName stream, StreamHead head, IReadOnlyList<Event> events, DateTimeOffset at, EventCatalog catalog) =>
        Seal(stream, head, [.. events.Select((e, i) => new RecordedEvent(head.Version + i + 1, at, e))], catalog);

    /// <summary>The same, with the lines that were made with them.</summary>
    /// <exception cref="EventTooLargeException">An event takes more than <see cref="MaxBytes"/>.</exception>
    public static IReadOnlyList<SealedEvent> Seal(StreamName stream, StreamHead head, IReadOnlyList<RecordedEvent> events, EventCatalog catalog)
    {
        var chain = new SealedEvent[events.Count];
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = Seal(stream, head, events[i], catalog);
            head = chain[i].Head;
        }

        return chain;
    }

    /// <summary>Writes one event behind <paramref name="head"/>.</summary>
    /// <exception cref="EventTooLargeException">The event takes more than <see cref="MaxBytes"/>.</exception>
    public static SealedEvent Seal(StreamName stream, StreamHead head, RecordedEvent recorded, EventCatalog catalog)
    {
        var bytes = Encode(stream, head, recorded, catalog);
        return new SealedEvent(new StreamHead(head.Version + 1, Digest.Of(bytes)), bytes);
    }

    /// <summary>Reads a sealed event.</summary>
    /// <exception cref="FormatException">The bytes are no event of this catalog.</exception>
    public static RecordedEvent Open(ReadOnlyMemory<byte> bytes, EventCatalog catalog) => Read(bytes, fields =>
        new RecordedEvent(fields.Version, fields.At, catalog.Read(fields.Type, fields.TypeVersion, fields.Data)) { Lines = fields.Lines });

    /// <summary>The parts of an event, without knowing its lane.</summary>
    /// <exception cref="FormatException">The bytes are no event.</exception>
    public static EventFields Fields(ReadOnlyMemory<byte> bytes) =>
        Read(bytes, static fields => fields with { Data = fields.Data.Clone() });

    /// <summary>Takes from the parts of an event what is wanted, while its bytes are at hand.</summary>
    private static T Read<T>(ReadOnlyMemory<byte> bytes, Func<EventFields, T> take)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var format = root.TryGetProperty("format", out var known) ? known.GetInt32() : 1;
            if (format > Format) throw new FormatException($"the event has format {format}, and this Assay knows {Format}: update Assay");
            return take(new EventFields(
                root.GetProperty("stream").GetString()!,
                root.GetProperty("version").GetInt64(),
                root.GetProperty("type").GetString()!,
                DateTimeOffset.ParseExact(root.GetProperty("at").GetString()!, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                Digest.Parse(root.GetProperty("prev").GetString()!),
                root.GetProperty("data"))
            {
                TypeVersion = root.TryGetProperty("type_version", out var version) ? version.GetInt32() : 1,
                Lines = root.TryGetProperty("lines", out var lines) ? lines.Deserialize(EnvelopeJson.Default.IReadOnlyListRecordedLine)! : format == 1 ? null : [],
            });
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"the bytes are no event: {e.Message}", e);
        }
    }

    private static byte[] Encode(StreamName stream, StreamHead previous, RecordedEvent recorded, EventCatalog catalog)
    {
        // The keys stand in canonical order, and none of these values needs an escape, so the whole is canonical.
        var output = new ArrayBufferWriter<byte>(512);
        var (body, type, typeVersion) = (recorded.Body, catalog.NameOf(recorded.Body), catalog.VersionOf(recorded.Body));
        Put(output, $"{{\"at\":\"{recorded.At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}\",\"data\":");
        CanonicalJson.Write(catalog.Write(body), output);
        Put(output, $",\"format\":{Format}");
        if (recorded.Lines is { Count: > 0 } lines)
        {
            Put(output, ",\"lines\":");
            CanonicalJson.Write(JsonSerializer.SerializeToElement(lines, EnvelopeJson.Default.IReadOnlyListRecordedLine), output);
        }

        Put(output, $",\"prev\":\"{previous.Hash}\",\"stream\":\"{stream}\",\"type\":\"{type}\"");
        if (typeVersion > 1) Put(output, $",\"type_version\":{typeVersion}");
        Put(output, $",\"version\":{previous.Version + 1}}}");
        return output.WrittenCount <= MaxBytes
            ? output.WrittenSpan.ToArray()
            : throw new EventTooLargeException(type, output.WrittenCount);
    }

    private static void Put(ArrayBufferWriter<byte> output, string text) => output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(text.Length)));
}

/// <summary>An event's exact bytes and where its stream ends with it.</summary>
public sealed record SealedEvent(StreamHead Head, byte[] Bytes);

/// <summary>The parts of a recorded event.</summary>
public sealed record EventFields(string Stream, long Version, string Type, DateTimeOffset At, Digest Previous, JsonElement Data)
{
    /// <summary>The version of its type.</summary>
    public required int TypeVersion { get; init; }

    /// <summary>See <see cref="RecordedEvent.Lines"/>.</summary>
    public required IReadOnlyList<RecordedLine>? Lines { get; init; }
}

/// <summary>An event would take more bytes than one may. What is large belongs into a blob that the event names by its digest.</summary>
public sealed class EventTooLargeException(string type, int sizeBytes)
    : Exception($"a {type} event would take {sizeBytes} bytes; at most {EventEnvelope.MaxBytes} are allowed")
{
    public string Type { get; } = type;

    public int SizeBytes { get; } = sizeBytes;
}
