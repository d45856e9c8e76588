using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What a text says in another form: decoded, and without the comments that part its words.</summary>
internal static class EncodedText
{
    /// <summary>Fewer escapes than this are punctuation of an address or of source code.</summary>
    private const int LeastEscapes = 3;

    /// <summary>The shortest run of base64 that is decoded.</summary>
    private const int LeastEncoded = 14;

    private static readonly Regex Comment = BoundedPattern.Of(@"<!--.*?-->|/\*.*?\*/|</?[a-zA-Z][^<>]{0,200}>", RegexOptions.Singleline);
    private static readonly Regex Percent = BoundedPattern.Of("%[0-9a-fA-F]{2}");
    private static readonly Regex Entity = BoundedPattern.Of("&#(?<decimal>[0-9]{1,7});?|&#[xX](?<hex>[0-9a-fA-F]{1,6});?");
    private static readonly Regex Escape = BoundedPattern.Of(
        @"\\u\{(?<hex>[0-9a-fA-F]{1,6})\}|(\\u|%u|[uU]\+)(?<hex>[0-9a-fA-F]{4})|\\U(?<hex>[0-9a-fA-F]{8})|\\x(?<hex>[0-9a-fA-F]{2})|\\(?<octal>[0-3][0-7]{2})");

    private static readonly Regex Hex = BoundedPattern.Of(@"\b((0x)?[0-9a-fA-F]{2}[ :,;=-]{0,2}){8,}");
    private static readonly Regex HexPair = BoundedPattern.Of("(0x)?(?<hex>[0-9a-fA-F]{2})");

    /// <summary>Also in groups and over lines.</summary>
    private static readonly Regex Base64Run = BoundedPattern.Of(@"([A-Za-z0-9+/_-]{8,}[ \t]*(\r?\n| )[ \t]*)*[A-Za-z0-9+/_-]{16,}|([A-Za-z0-9+/_-]{8,}[ \t]*(\r?\n| )[ \t]*)+[A-Za-z0-9+/_-]{2,}");

    /// <summary>The texts that a text holds in another form.</summary>
    public static IEnumerable<string> In(string text)
    {
        if (text.Contains('<', StringComparison.Ordinal) || text.Contains("/*", StringComparison.Ordinal))
        {
            var bare = Comment.Replace(text, "");
            if (bare.Length < text.Length) yield return bare;
        }

        if (Unescaped(text) is var plain && plain != text) yield return plain;
        foreach (Match run in Hex.Matches(text))
        {
            if (Text(Bytes(run.Value)) is { } decoded) yield return decoded;
        }

        foreach (Match run in Base64Run.Matches(text))
        {
            foreach (var decoded in Decoded(run.Value)) yield return decoded;

            // A word of prose beside it belongs to the run by its look, so that each word is also read by itself.
            var words = run.Value.Split((char[])[' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
            foreach (var word in words.Length > 1 ? words : [])
            {
                foreach (var decoded in Decoded(word)) yield return decoded;
            }
        }
    }

    /// <summary>The text with its escapes read, of all kinds at once.</summary>
    private static string Unescaped(string text)
    {
        if (text.Contains('%', StringComparison.Ordinal) && Percent.Count(text) >= LeastEscapes)
        {
            text = WebUtility.UrlDecode(text.Replace("+", "%2b", StringComparison.Ordinal));
        }

        if (text.Contains('&', StringComparison.Ordinal)) text = WebUtility.HtmlDecode(Entity.Replace(text, Unescaped));
        return Escape.Count(text) >= LeastEscapes ? Escape.Replace(text, Unescaped) : text;
    }

    private static string Unescaped(Match escape)
    {
        var value = escape.Groups["octal"].Success ? Convert.ToInt32(escape.Groups["octal"].Value, 8)
            : escape.Groups["decimal"].Success ? int.Parse(escape.Groups["decimal"].ValueSpan, CultureInfo.InvariantCulture)
            : int.Parse(escape.Groups["hex"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return Rune.IsValid(value) ? new Rune(value).ToString() : escape.Value;
    }

    private static byte[] Bytes(string run)
    {
        var digits = new StringBuilder(run.Length);
        foreach (Match pair in HexPair.Matches(run)) digits.Append(pair.Groups["hex"].ValueSpan);
        return Convert.FromHexString(digits.ToString());
    }

    /// <summary>What a run says, from wherever in a group of four it begins: something else may stand in front of it.</summary>
    private static IEnumerable<string> Decoded(string run)
    {
        var standard = new StringBuilder(run.Length + 3);
        foreach (var c in run)
        {
            if (!char.IsWhiteSpace(c) && c != '=') standard.Append(c switch { '-' => '+', '_' => '/', _ => c });
        }

        for (var from = 0; from < 4 && standard.Length - from >= LeastEncoded; from++)
        {
            // A last character that belongs to no byte is left out.
            var length = standard.Length - from;
            length -= length % 4 == 1 ? 1 : 0;
            var part = standard.ToString(from, length).PadRight((length + 3) / 4 * 4, '=');
            if (Base64.IsValid(part) && Text(Convert.FromBase64String(part)) is { } text) yield return text;
        }
    }

    /// <summary>Bytes as a text; null: they are none.</summary>
    private static string? Text(byte[] bytes)
    {
        var zeros = bytes.Count(static b => b == 0);
        var text = zeros * 3 > bytes.Length ? Encoding.Unicode.GetString(bytes) : Encoding.UTF8.GetString(bytes);
        var odd = text.Count(static c => c == '\uFFFD' || (char.IsControl(c) && c is not ('\n' or '\r' or '\t')));
        return odd * 10 <= text.Length ? text : null;
    }
}
