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

    private static readonly Regex Comment = BoundedPattern.Of(@"<!--.*?-->|/\*.*?\*/", RegexOptions.Singleline);
    private static readonly Regex Percent = BoundedPattern.Of("%[0-9a-fA-F]{2}");
    private static readonly Regex Escape = BoundedPattern.Of(@"\\(u\{(?<hex>[0-9a-fA-F]{1,6})\}|u(?<hex>[0-9a-fA-F]{4})|U(?<hex>[0-9a-fA-F]{8})|x(?<hex>[0-9a-fA-F]{2}))");
    private static readonly Regex Hex = BoundedPattern.Of(@"\b((0x)?[0-9a-fA-F]{2}[ :,]?){8,}\b");
    private static readonly Regex HexPair = BoundedPattern.Of("(0x)?(?<hex>[0-9a-fA-F]{2})");
    /// <summary>Also over lines, when each but the last is full.</summary>
    private static readonly Regex Base64Run = BoundedPattern.Of(@"([A-Za-z0-9+/_-]{40,}\r?\n)*[A-Za-z0-9+/_-]{16,}|([A-Za-z0-9+/_-]{40,}\r?\n)+[A-Za-z0-9+/_-]+");

    /// <summary>The texts that a text holds in another form.</summary>
    public static IEnumerable<string> In(string text)
    {
        if (text.Contains("<!--", StringComparison.Ordinal) || text.Contains("/*", StringComparison.Ordinal))
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
            if (Decoded(run.Value) is { } decoded) yield return decoded;
        }
    }

    /// <summary>The text with its escapes read, of all kinds at once.</summary>
    private static string Unescaped(string text)
    {
        if (text.Contains('%', StringComparison.Ordinal) && Percent.Count(text) >= LeastEscapes)
        {
            text = WebUtility.UrlDecode(text.Replace("+", "%2b", StringComparison.Ordinal));
        }

        if (text.Contains('&', StringComparison.Ordinal)) text = WebUtility.HtmlDecode(text);
        return text.Contains('\\', StringComparison.Ordinal) && Escape.Count(text) >= LeastEscapes ? Escape.Replace(text, Unescaped) : text;
    }

    private static string Unescaped(Match escape)
    {
        var digits = escape.Groups["hex"].ValueSpan;
        var value = int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return value <= char.MaxValue ? ((char)value).ToString() : Rune.IsValid(value) ? new Rune(value).ToString() : escape.Value;
    }

    private static byte[] Bytes(string run)
    {
        var digits = new StringBuilder(run.Length);
        foreach (Match pair in HexPair.Matches(run)) digits.Append(pair.Groups["hex"].ValueSpan);
        return Convert.FromHexString(digits.ToString());
    }

    private static string? Decoded(string run)
    {
        var standard = new StringBuilder(run.Length + 3);
        foreach (var c in run)
        {
            if (!char.IsWhiteSpace(c) && c != '=') standard.Append(c switch { '-' => '+', '_' => '/', _ => c });
        }

        // A last character that belongs to no byte is left out.
        standard.Length -= standard.Length % 4 == 1 ? 1 : 0;
        standard.Append('=', (4 - (standard.Length % 4)) % 4);
        return Base64.IsValid(standard.ToString()) ? Text(Convert.FromBase64String(standard.ToString())) : null;
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
