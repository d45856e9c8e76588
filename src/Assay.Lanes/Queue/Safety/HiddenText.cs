using System.Globalization;
using System.Text;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Characters that a person who reads a text does not see.</summary>
internal static class HiddenText
{
    private const int MaxInvisible = 4;

    /// <summary>What of a text is hidden; null: nothing is.</summary>
    public static string? In(string text)
    {
        var invisible = 0;
        var isJoined = false;
        foreach (var rune in text.EnumerateRunes())
        {
            var value = rune.Value;
            if (value is >= 0xE0000 and <= 0xE007F) return $"U+{value:X} (a tag character)";
            if (value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069)) return $"U+{value:X4} (it turns the direction of writing)";
            if (Rune.IsControl(rune) && value is not ('\t' or '\n' or '\r')) return $"U+{value:X4} (a control character)";

            // Emoji are joined and coloured by characters that else hide something between letters.
            if (IsInvisible(rune) && !(isJoined && value is 0x200D or 0xFE0E or 0xFE0F)) invisible++;
            if (invisible > MaxInvisible) return $"{invisible} invisible characters or more, such as U+{value:X4}";
            isJoined = Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.ModifierSymbol || (isJoined && IsInvisible(rune));
        }

        return null;
    }

    /// <summary>Whether a character takes no room, or none that could be told from nothing.</summary>
    public static bool IsInvisible(Rune rune) => rune.Value is 0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFEFF or 0xFFA0 or 0x2800
        or (>= 0x180B and <= 0x180F) or (>= 0x200B and <= 0x200F) or (>= 0x2060 and <= 0x2065) or (>= 0x206A and <= 0x206F)
        or (>= 0xFE00 and <= 0xFE0F) or (>= 0xFFF9 and <= 0xFFFB) or (>= 0x1D173 and <= 0x1D17A) or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>A text with its hidden characters by their numbers.</summary>
    public static string Shown(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isHidden = IsInvisible(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            if (isHidden) shown.Append(CultureInfo.InvariantCulture, $"<U+{rune.Value:X4}>");
            else shown.Append(rune);
        }

        return shown.ToString();
    }
}
