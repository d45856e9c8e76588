using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>The patterns of a project, in the forms in which readings are looked through.</summary>
internal static class TextPattern
{
    private static readonly Regex Unbounded = BoundedPattern.Of(@"(^|[^\\])(\\\\)*(\(\?[^:)]|\\[1-9kG])");

    /// <summary>The forms in which patterns of a rule are looked for.</summary>
    public static IEnumerable<Func<string, string>> Forms(bool isSqueezed) => isSqueezed ? [Plain, Letters, Squeezed, SqueezedLetters] : [Plain, Letters];

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
    public static string Letters(string pattern) => Rewritten(Plain(pattern), isSqueezed: false, isLetters: true);

    /// <summary>For what <see cref="Readings.Squeezed"/> makes of a text: without spaces and ends of words.</summary>
    public static string Squeezed(string pattern) => Rewritten(Plain(pattern), isSqueezed: true, isLetters: false);

    /// <summary>For both.</summary>
    public static string SqueezedLetters(string pattern) => Rewritten(Plain(pattern), isSqueezed: true, isLetters: true);

    /// <summary>The pattern with its own letters and spaces rewritten; classes and escapes stay as they are.</summary>
    private static string Rewritten(string pattern, bool isSqueezed, bool isLetters)
    {
        var text = new StringBuilder(pattern.Length);
        for (var i = 0; i < pattern.Length;)
        {
            var end = EndOfPart(pattern, i);
            if (isSqueezed && pattern[i] == ' ') end = EndOfCount(pattern, end);
            else if (isSqueezed && pattern.AsSpan(i, end - i) is "\\b") i = end;
            else if (isLetters && end == i + 1 && pattern[i] is 'l' or 'L') text.Append(Readings.OneOrL);
            else text.Append(pattern, i, end - i);
            i = end;
        }

        return text.ToString();
    }

    /// <summary>Where a class, an escape or a single character ends.</summary>
    private static int EndOfPart(string pattern, int at)
    {
        if (pattern[at] == '\\')
        {
            var end = Math.Min(at + 2, pattern.Length);
            var close = end < pattern.Length && pattern[end] == '{' && pattern[end - 1] is 'p' or 'P' ? pattern.IndexOf('}', end) : -1;
            return close > 0 ? close + 1 : end;
        }

        if (pattern[at] != '[') return at + 1;
        var depth = 0;
        for (var i = at; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\') i++;
            else if (pattern[i] == '[' && (i == at || pattern[i - 1] == '-')) depth++;
            else if (pattern[i] == ']' && i > at + 1 && !(i == at + 2 && pattern[at + 1] == '^') && --depth == 0) return i + 1;
        }

        return pattern.Length;
    }

    /// <summary>Where it ends how often something may stand there.</summary>
    private static int EndOfCount(string pattern, int at)
    {
        if (at < pattern.Length && pattern[at] == '{') at = Math.Max(pattern.IndexOf('}', at) + 1, at);
        else if (at < pattern.Length && pattern[at] is '?' or '*' or '+') at++;
        return at < pattern.Length && pattern[at] == '?' ? at + 1 : at;
    }
}
