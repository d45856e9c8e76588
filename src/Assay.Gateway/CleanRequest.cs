using System.Buffers;
using System.Text.Json;

namespace Assay.Gateway;

/// <summary>What of a request may pass, written but for what the gateway puts in itself.</summary>
internal sealed class CleanRequest : IDisposable
{
    private readonly ArrayBufferWriter<byte> _bytes;
    private readonly RequestWalk _walk;

    /// <param name="body">What was asked.</param>
    /// <param name="dialect">How it is asked.</param>
    /// <param name="path">Where.</param>
    /// <param name="bytes">The length of what was asked.</param>
    /// <param name="over">The end of the request.</param>
    /// <exception cref="RefusedRequestException">It may not pass.</exception>
    public CleanRequest(JsonElement body, Dialect dialect, string path, long bytes, CancellationToken over)
    {
        Bytes = bytes;
        _bytes = new ArrayBufferWriter<byte>((int)bytes + 256);
        Writer = new Utf8JsonWriter(_bytes);
        _walk = new RequestWalk(Writer, dialect.Spell, over);
        var (shape, last) = dialect.Table(path);
        _walk.Begin(body, shape, last);
    }

    /// <summary>The length of what was asked, which no tokenizer makes more tokens of.</summary>
    public long Bytes { get; }

    /// <summary>Where the gateway writes its own part.</summary>
    public Utf8JsonWriter Writer { get; }

    public IReadOnlyCollection<string> Removed => _walk.Removed;

    public long MediaTokens => _walk.MediaTokens;

    public void Remove(string name) => _walk.Remove(name);

    /// <summary>What was asked for under a name that the gateway writes itself; null: nothing.</summary>
    public JsonElement? Held(string name) =>
        _walk.Held.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Whether a text stands in it as a value of its own.</summary>
    public bool Says(ReadOnlySpan<byte> quoted)
    {
        Writer.Flush();
        return _bytes.WrittenSpan.IndexOf(quoted) >= 0;
    }

    /// <summary>The whole of it, with all that is still open ended.</summary>
    public byte[] End()
    {
        while (Writer.CurrentDepth > 0) Writer.WriteEndObject();
        Writer.Flush();
        return _bytes.WrittenSpan.ToArray();
    }

    public void Dispose() => Writer.Dispose();
}
