using System.Buffers;
using System.Text.Json.Nodes;

namespace Assay.Gateway;

/// <summary>
/// Cuts an answer on its way into wholes, lines of a stream or all of it, and reads each for the tokens that it tells. Nothing of a whole
/// is passed on before its end, whatever is in it: see <see cref="KeyFilter"/>.
/// </summary>
/// <param name="dialect">How tokens are told.</param>
/// <param name="count">Receives them.</param>
/// <param name="isStream">Whether it is a stream of events.</param>
/// <param name="most">The longest that a whole may be, in bytes.</param>
internal sealed class AnswerEvents(Dialect dialect, TokenCount count, bool isStream, int most)
{
    private readonly ArrayBufferWriter<byte> _open = new();

    /// <summary>Whether it has a whole that is longer than one may be, of which nothing can be passed on.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The last document that was read; null: there is none.</summary>
    public JsonNode? Document { get; private set; }

    /// <summary>What is whole with this.</summary>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes)
    {
        var end = isStream ? bytes.LastIndexOf((byte)'\n') + 1 : 0;
        if (end == 0)
        {
            Keep(bytes);
            return [];
        }

        Keep(bytes[..end]);
        var whole = Taken();
        Keep(bytes[end..]);
        foreach (var line in whole.AsSpan().Split((byte)'\n')) Line(whole.AsSpan(line));
        return whole;
    }

    /// <summary>What is whole since no more comes.</summary>
    public ReadOnlySpan<byte> End()
    {
        var rest = Taken();
        if (isStream) Line(rest);
        else Count(rest);
        return rest;
    }

    private byte[] Taken()
    {
        var taken = _open.WrittenSpan.ToArray();
        _open.ResetWrittenCount();
        return taken;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        IsTooLong |= _open.WrittenCount + bytes.Length > most;
        if (!IsTooLong) _open.Write(bytes);
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("data:"u8)) Count(line["data:".Length..].Trim(" \r"u8));
    }

    private void Count(ReadOnlySpan<byte> bytes)
    {
        Document = UntrustedJson.Parse(HalfCharacters.Replaced(bytes));
        if (Document is JsonObject part) dialect.Count(part, count);
        foreach (var one in UntrustedJson.Objects(Document)) dialect.Count(one, count);
    }
}
