using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>The patterns of a project, in the forms in which readings are looked through.</summary>
internal static class TextPattern
{
    private static readonly Regex Unbounded = BoundedPattern.Of(@"(^|[^\\])(\\\\)*(\(\?[^:)]|\\[1-9k])");

    private static readonly string[] Spaces = [@"\b", " ?", " *", " +", " "];

    /// <summary>A pattern, matched in time that grows with the text alone.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="NotSupportedException">It looks around, refers back, or counts too far.</exception>
    public static Regex Compile(string pattern) => BoundedPattern.Of(pattern, RegexOptions.IgnoreCase);

    /// <summary>Looks whether a pattern is one, without making it ready.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="NotSupportedException">It looks around or refers back.</exception>
    public static void Look(string pattern)
    {
        _ = new Regex(pattern, RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
        if (Unbounded.IsMatch(pattern)) throw new NotSupportedException(pattern);
    }

    /// <summary>For texts as they are read (<see cref="FoldedText"/>).</summary>
    public static string Plain(string pattern) => FoldedText.Pattern(pattern);

    /// <summary>For what <see cref="Readings.Letters"/> makes of a text.</summary>
    public static string Letters(string pattern)
    {
        var letters = Plain(pattern).ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            if (letters[i] is 'l' or 'L' && (i == 0 || letters[i - 1] != '\\')) letters[i] = Readings.OneOrL;
        }

        return new string(letters);
    }

    /// <summary>For what <see cref="Readings.Squeezed"/> makes of a text.</summary>
    public static string Squeezed(string pattern) => Spaces.Aggregate(Plain(pattern), static (p, part) => p.Replace(part, "", StringComparison.Ordinal));
}
