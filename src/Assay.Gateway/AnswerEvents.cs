using System.Buffers;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>
/// Reads an answer on its way for the tokens that it tells: events of a stream (lines that begin with <c>data:</c>), one document, or an
/// array of them. What cannot be read is passed on all the same, and not counted.
/// </summary>
internal sealed class AnswerEvents(Dialect dialect, TokenCount count, string? mediaType)
{
    /// <summary>A line or a document that is longer is not read.</summary>
    private const int MaxBytes = 4 << 20;

    private readonly bool _isStream = mediaType == "text/event-stream";
    private readonly ArrayBufferWriter<byte> _line = new();
    private bool _isTooLong;

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
        else if (!_isTooLong) Count(_line.WrittenSpan);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _isTooLong |= _line.WrittenCount + bytes.Length > MaxBytes;
        if (!_isTooLong) _line.Write(bytes);
    }

    private void Line()
    {
        var line = _line.WrittenSpan;
        if (!_isTooLong && line.StartsWith("data:"u8)) Count(line["data:".Length..].Trim(" \r"u8));
        _line.ResetWrittenCount();
        _isTooLong = false;
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        var node = UntrustedJson.Parse(bytes);
        if (node is JsonObject part) dialect.Count(part, count);
        foreach (var one in UntrustedJson.Objects(node)) dialect.Count(one, count);
    }
}
