using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Json;

namespace Assay.Kernel.Streams;

/// <summary>
/// The exact bytes of a recorded event: canonical JSON (RFC 8785) of
/// <c>{ at, data, prev, stream, type, version }</c>. Their SHA-256 is the event's hash, and the next event's <c>prev</c>.
/// </summary>
public static class EventEnvelope
{
    /// <summary>The most that one event may take: the entry limit of C2SP tlog-tiles.</summary>
    public const int MaxBytes = 65_535;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>Writes events as a chain that goes on from <paramref name="head"/>.</summary>
    /// <exception cref="EventTooLargeException">An event takes more than <see cref="MaxBytes"/>.</exception>
    public static IReadOnlyList<SealedEvent> Seal(
        StreamName stream, StreamHead head, IReadOnlyList<Event> events, DateTimeOffset at, EventCatalog catalog)
    {
        var chain = new SealedEvent[events.Count];
        for (var i = 0; i < chain.Length; i++)
        {
            var bytes = Encode(stream, head, events[i], at, catalog);
            head = new StreamHead(head.Version + 1, Digest.Of(bytes));
            chain[i] = new SealedEvent(head, bytes);
        }

        return chain;
    }

    /// <summary>Reads what <see cref="Seal"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are no event of this catalog.</exception>
    public static RecordedEvent Open(ReadOnlyMemory<byte> bytes, EventCatalog catalog)
    {
        var fields = Fields(bytes);
        return new RecordedEvent(fields.Version, fields.At, catalog.Read(fields.Type, fields.Data));
    }

    /// <summary>The parts of an event, without knowing its lane.</summary>
    /// <exception cref="FormatException">The bytes are no event.</exception>
    public static EventFields Fields(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return new EventFields(
                root.GetProperty("stream").GetString()!,
                root.GetProperty("version").GetInt64(),
                root.GetProperty("type").GetString()!,
                DateTimeOffset.ParseExact(root.GetProperty("at").GetString()!, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                Digest.Parse(root.GetProperty("prev").GetString()!),
                root.GetProperty("data").Clone());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"the bytes are no event: {e.Message}", e);
        }
    }

    private static byte[] Encode(StreamName stream, StreamHead previous, Event body, DateTimeOffset at, EventCatalog catalog)
    {
        // The keys stand in canonical order, and none of these values needs an escape, so the whole is canonical.
        var output = new ArrayBufferWriter<byte>(512);
        var type = catalog.NameOf(body);
        Put(output, $"{{\"at\":\"{at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}\",\"data\":");
        CanonicalJson.Write(catalog.Write(body), output);
        Put(output, $",\"prev\":\"{previous.Hash}\",\"stream\":\"{stream}\",\"type\":\"{type}\",\"version\":{previous.Version + 1}}}");
        return output.WrittenCount <= MaxBytes
            ? output.WrittenSpan.ToArray()
            : throw new EventTooLargeException(type, output.WrittenCount);
    }

    private static void Put(ArrayBufferWriter<byte> output, string text) => output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(text.Length)));
}

/// <summary>An event's exact bytes and where its stream ends with it.</summary>
public sealed record SealedEvent(StreamHead Head, byte[] Bytes);

/// <summary>The parts of a recorded event.</summary>
public sealed record EventFields(string Stream, long Version, string Type, DateTimeOffset At, Digest Previous, JsonElement Data);

/// <summary>An event would take more bytes than one may. What is large belongs into a blob that the event names by its digest.</summary>
public sealed class EventTooLargeException(string type, int sizeBytes)
    : Exception($"a {type} event would take {sizeBytes} bytes; at most {EventEnvelope.MaxBytes} are allowed")
{
    public string Type { get; } = type;

    public int SizeBytes { get; } = sizeBytes;
}
