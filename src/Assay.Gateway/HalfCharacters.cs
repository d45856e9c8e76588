using System.Globalization;
using System.Text;

namespace Assay.Gateway;

/// <summary>
/// Escapes in JSON (RFC 8259 7) of one half of a surrogate pair without the other. Models answer them, where an emoji is cut between two
/// events; no text can hold them.
/// </summary>
internal static class HalfCharacters
{
    private const int EscapeBytes = 6;

    public static bool IsIn(ReadOnlySpan<byte> json) => Next(json, 0) >= 0;

    /// <summary>The same JSON with a mark in the place of each, so that all else in it can be read.</summary>
    public static ReadOnlySpan<byte> Replaced(ReadOnlySpan<byte> json)
    {
        if (!System.Text.Unicode.Utf8.IsValid(json)) json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        var at = Next(json, 0);
        if (at < 0) return json;
        var whole = json.ToArray();
        for (; at >= 0; at = Next(whole, at + EscapeBytes)) "\\uFFFD"u8.CopyTo(whole.AsSpan(at));
        return whole;
    }

    /// <summary>Where the next of them begins; negative: there is none.</summary>
    private static int Next(ReadOnlySpan<byte> json, int from)
    {
        for (var at = from; at < json.Length;)
        {
            var slash = json[at..].IndexOf((byte)'\\');
            if (slash < 0) return -1;
            at += slash;
            if (Unit(json, at) is not { } unit || !char.IsSurrogate(unit))
            {
                at += 2;
                continue;
            }

            if (!char.IsHighSurrogate(unit) || Unit(json, at + EscapeBytes) is not { } other || !char.IsLowSurrogate(other)) return at;
            at += 2 * EscapeBytes;
        }

        return -1;
    }

    /// <summary>What an escape by number stands for; null: there is none here.</summary>
    private static char? Unit(ReadOnlySpan<byte> json, int at)
    {
        if (at + EscapeBytes > json.Length || json[at] != (byte)'\\' || json[at + 1] != (byte)'u') return null;
        var isNumber = ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit);
        return isNumber ? (char)unit : null;
    }
}
