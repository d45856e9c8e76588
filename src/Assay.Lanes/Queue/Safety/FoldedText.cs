using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>A text as it is read: small letters, without marks and what is not seen, and look-alikes as what they look like.</summary>
internal static class FoldedText
{
    /// <summary>Letters beyond ASCII by their numbers.</summary>
    private static readonly Regex Escape = BoundedPattern.Of(@"\\u(00[89a-fA-F][0-9a-fA-F]|0[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-fA-F][0-9a-fA-F]{3})");

    public static MappedText Of(string text)
    {
        var folded = new MappedText(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii) folded.Add(char.ToLowerInvariant((char)rune.Value), at);
            else Add(rune, at, folded);
            at += rune.Utf16SequenceLength;
        }

        return folded;
    }

    /// <summary>A regular expression with its letters as <see cref="Of"/> writes them.</summary>
    public static string Pattern(string pattern)
    {
        pattern = Escape.Replace(pattern, static m => ((char)int.Parse(m.ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
        if (Ascii.IsValid(pattern)) return pattern;
        var folded = new StringBuilder(pattern.Length);
        foreach (var c in pattern) folded.Append(LookAlikes.Of(c) is { } plain ? Regex.Escape(plain) : c.ToString());
        return folded.ToString();
    }

    private static void Add(Rune rune, int at, MappedText folded)
    {
        if (HiddenText.IsInvisible(rune)) return;
        var category = Rune.GetUnicodeCategory(rune);
        if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) return;
        if (category is UnicodeCategory.SpaceSeparator)
        {
            folded.Add(' ', at);
            return;
        }

        if (category is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        {
            folded.Add('\n', at);
            return;
        }

        if (LookAlikes.Of(rune.Value) is { } plain)
        {
            foreach (var c in plain) folded.Add(c, at);
            return;
        }

        Span<char> units = stackalloc char[2];
        var count = Rune.ToLowerInvariant(rune).EncodeToUtf16(units);
        foreach (var c in units[..count]) folded.Add(c, at);
    }
}
