using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>One rule about what a text asks for, ready to be looked for.</summary>
internal sealed class TextRule
{
    public const string Injection = "injection";

    /// <summary>What is spoken of in quotes or code marks may be harmless, so that a person is asked.</summary>
    private static readonly string[] Spoken = [Injection, "pipe_to_shell", "system_path"];

    /// <summary>Shorter words may stand by chance where others meet.</summary>
    private const int LeastSqueezed = 14;

    private readonly ImmutableArray<Regex> _all;

    /// <summary>The same for digits and signs that stand for letters.</summary>
    private readonly Lazy<ImmutableArray<Regex>> _letters;

    /// <summary>The same without spaces and ends of words, and for letters too; null: the rule is not looked for in that way.</summary>
    private readonly (Regex Plain, Regex Letters)? _squeezed;

    public TextRule(TextEntry entry, SafetyVerdict verdict)
    {
        (Name, Verdict) = (entry.Rule, verdict);
        _all = [.. Patterns(entry).Select(Compile)];
        _letters = new Lazy<ImmutableArray<Regex>>(() => [.. Patterns(entry).Select(static p => Compile(Readings.Pattern(p)))]);
        if (entry is not { Rule: Injection, Pattern: { } pattern }) return;
        var squeezed = Readings.SqueezedPattern(pattern);
        _squeezed = (Compile(squeezed), Compile(Readings.Pattern(squeezed)));
    }

    public string Name { get; }

    public SafetyVerdict Verdict { get; }

    public bool AsksWhenQuoted => Spoken.Contains(Name, StringComparer.Ordinal);

    /// <summary>The patterns of an entry.</summary>
    public static IEnumerable<string> Patterns(TextEntry entry) => entry.Pattern is { } one ? [one, .. entry.All] : entry.All;

    /// <summary>A pattern, matched in time that grows with the text alone.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="NotSupportedException">It looks around or refers back.</exception>
    public static Regex Compile(string pattern) => BoundedPattern.Of(FoldedText.Pattern(pattern), RegexOptions.IgnoreCase);

    /// <summary>Where the rule is broken: each match of its only pattern, or the first of the first when all are found.</summary>
    /// <param name="text">A reading of a sentence.</param>
    /// <param name="isLetters">Whether digits and signs were read as letters.</param>
    public IEnumerable<(int At, int Length)> In(MappedText text, bool isLetters)
    {
        var all = isLetters ? _letters.Value : _all;
        if (all.Length == 1) return Matches(all[0], text);
        foreach (var pattern in all)
        {
            if (!pattern.IsMatch(text.Text)) return [];
        }

        return Matches(all[0], text).Take(1);
    }

    /// <summary>The same in a text without spaces.</summary>
    public IEnumerable<(int At, int Length)> InSqueezed(MappedText text, bool isLetters) => _squeezed is { } squeezed
        ? Matches(isLetters ? squeezed.Letters : squeezed.Plain, text).Where(static m => m.Length >= LeastSqueezed)
        : [];

    private static List<(int At, int Length)> Matches(Regex pattern, MappedText text)
    {
        var found = new List<(int At, int Length)>();
        foreach (var match in pattern.EnumerateMatches(text.Text))
        {
            if (match.Length > 0) found.Add((match.Index, match.Length));
        }

        return found;
    }
}
