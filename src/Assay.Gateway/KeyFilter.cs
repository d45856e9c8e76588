using System.Globalization;
using System.Text;

namespace Assay.Gateway;

/// <summary>
/// Takes the real key out of what goes inside or into the record, in plain and as JSON strings can spell it (<c>\u0073</c>, <c>\/</c>), in
/// strings within strings too. It sees whole lines or answers and holds nothing back: whether a text begins like the key must not show in
/// how what is passed on is cut, or one who sends texts that come back could find the key byte by byte.
/// </summary>
/// <param name="key">The key; null: there is none.</param>
internal sealed class KeyFilter(string? key)
{
    /// <summary>How often a string may stand within a string.</summary>
    private const int MostLevels = 4;

    private readonly byte[] _key = Encoding.ASCII.GetBytes(key ?? "");

    /// <summary>The same bytes, with stars in the place of the key.</summary>
    public ReadOnlyMemory<byte> Clean(ReadOnlySpan<byte> whole)
    {
        var cleaned = whole.ToArray();
        if (_key.Length == 0) return cleaned;
        var (said, from) = (cleaned.ToArray(), (int[]?)null);
        for (var level = 0; level < MostLevels; level++)
        {
            for (int at = 0, found; (found = said.AsSpan(at).IndexOf(_key)) >= 0; at += found + _key.Length)
            {
                var (first, end) = (at + found, at + found + _key.Length);
                cleaned.AsSpan(from?[first] ?? first, (from?[end] ?? end) - (from?[first] ?? first)).Fill((byte)'*');
            }

            if (!said.AsSpan().Contains((byte)'\\')) break;
            (said, from) = Unescaped(said, from);
        }

        return cleaned;
    }

    public string Clean(string text) => Encoding.UTF8.GetString(Clean(Encoding.UTF8.GetBytes(text)).Span);

    /// <summary>What escapes stand for, and where each byte of it comes from; one more tells where the last ends.</summary>
    private static (byte[] Said, int[] From) Unescaped(byte[] text, int[]? origins)
    {
        var said = new List<byte>(text.Length);
        var from = new List<int>(text.Length + 1);
        for (var at = 0; at < text.Length;)
        {
            from.Add(origins?[at] ?? at);
            if (text[at] != (byte)'\\' || at + 1 == text.Length)
            {
                said.Add(text[at++]);
                continue;
            }

            var isNumber = text[at + 1] == (byte)'u' && at + 6 <= text.Length;
            byte number = 0;
            isNumber = isNumber && text.AsSpan(at + 2, 2).SequenceEqual("00"u8)
                && byte.TryParse(text.AsSpan(at + 4, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
            said.Add(isNumber ? number : text[at + 1]);
            at += isNumber ? 6 : 2;
        }

        from.Add(origins?[text.Length] ?? text.Length);
        return ([.. said], [.. from]);
    }
}
