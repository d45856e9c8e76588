using System.Buffers;

namespace Assay.Gateway;

/// <summary>
/// Takes the real key out of an answer on its way inside, also where it comes in pieces: providers repeat it in their errors.
/// </summary>
/// <param name="key">The key; null: there is none.</param>
internal sealed class KeyFilter(byte[]? key)
{
    private readonly ArrayBufferWriter<byte> _kept = new();

    /// <summary>What may be passed on of what was held back and has come now. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Pass(ReadOnlySpan<byte> bytes, bool isLast)
    {
        if (key is null || key.Length == 0) return bytes.ToArray();
        _kept.Write(bytes);
        var all = _kept.WrittenSpan.ToArray();
        _kept.ResetWrittenCount();
        var at = 0;
        for (int found; (found = all.AsSpan(at).IndexOf(key)) >= 0; at += found + key.Length)
        {
            all.AsSpan(at + found, key.Length).Fill((byte)'*');
        }

        var held = isLast ? 0 : Beginning(all.AsSpan(at));
        _kept.Write(all.AsSpan(all.Length - held));
        return all.AsMemory(0, all.Length - held);
    }

    /// <summary>How many of the last bytes may be the beginning of the key.</summary>
    private int Beginning(ReadOnlySpan<byte> bytes)
    {
        for (var length = Math.Min(key!.Length - 1, bytes.Length); length > 0; length--)
        {
            if (bytes[^length..].SequenceEqual(key.AsSpan(0, length))) return length;
        }

        return 0;
    }
}
