using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Assay.Gateway;

/// <summary>
/// Reads an answer on its way for the tokens that it tells: events of a stream (lines that begin with <c>data:</c>), or one document. What
/// cannot be read is passed on all the same, and not counted.
/// </summary>
internal sealed class AnswerEvents(Dialect dialect, TokenCount count, string contentType)
{
    /// <summary>A line or a document that is longer is not read.</summary>
    private const int MaxBytes = 16 << 20;

    private readonly bool _isStream = contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
    private readonly ArrayBufferWriter<byte> _line = new();

    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (_isStream)
        {
            for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
            {
                Keep(bytes[..end]);
                Line();
            }
        }

        Keep(bytes);
    }

    public void End()
    {
        if (_isStream) Line();
        else Count(_line.WrittenSpan);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_line.WrittenCount + bytes.Length <= MaxBytes) _line.Write(bytes);
    }

    private void Line()
    {
        var line = _line.WrittenSpan;
        if (line.StartsWith("data:"u8)) Count(line["data:".Length..].Trim(" \r"u8));
        _line.ResetWrittenCount();
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (JsonNode.Parse(bytes) is JsonObject part) dialect.Count(part, count);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // [DONE], or nothing that this dialect says.
        }
    }
}

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class GatewayJson : JsonSerializerContext;
