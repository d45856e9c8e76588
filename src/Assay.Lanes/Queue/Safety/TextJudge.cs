using System.Collections.Immutable;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Judges what a text asks for, however it is disguised.</summary>
internal sealed class TextJudge
{
    /// <summary>How often something that was decoded is decoded again.</summary>
    private const int MaxDepth = 3;

    /// <summary>More texts than these in one are made to keep the judge busy.</summary>
    private const int MaxTexts = 64;

    private readonly ImmutableArray<TextRule> _rules;

    /// <param name="text">Patterns that have been checked.</param>
    public TextJudge(GuardedText text) => _rules =
    [
        .. text.Deny.Select(static e => new TextRule(e, SafetyVerdict.Deny)),
        .. text.Approval.Select(static e => new TextRule(e, SafetyVerdict.NeedsApproval)),
    ];

    /// <summary>Judges a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="where">JSON pointer of it.</param>
    /// <returns>For each rule that is broken the worst place.</returns>
    public IReadOnlyList<SafetyFinding> Judge(string text, string where)
    {
        var found = new FoundInText(where);
        var texts = new Queue<(string Text, int Depth)>([(text, 0)]);
        var seen = new HashSet<string>(StringComparer.Ordinal) { text };
        while (texts.TryDequeue(out var next))
        {
            Judge(next.Text, next.Depth, found);
            if (next.Depth == MaxDepth) continue;
            foreach (var other in EncodedText.In(next.Text))
            {
                if (seen.Count == MaxTexts) return found.With(SafetyRules.HiddenText, SafetyVerdict.Deny, $"{MaxTexts} encoded texts or more");
                if (seen.Add(other)) texts.Enqueue((other, next.Depth + 1));
            }
        }

        return found.All;
    }

    private void Judge(string text, int depth, FoundInText found)
    {
        if (HiddenText.In(text) is { } hidden) found.Add(SafetyRules.HiddenText, SafetyVerdict.Deny, hidden.What);
        if (SecretText.In(text) is not null) found.Add(SafetyRules.SecretInText, SafetyVerdict.Deny, "a private key or a token");
        var folded = FoldedText.Of(text);
        var quoted = depth == 0 ? new QuotedParts(text) : null;
        foreach (var (from, to) in SentenceCut.Cut(folded.Text))
        {
            foreach (var reading in Readings.Of(folded, from, to))
            {
                Look(reading, static (rule, text, isLetters) => rule.In(text, isLetters), text, quoted, found);
            }

            Look(Readings.Squeezed(folded, from, to), static (rule, text, isLetters) => rule.InSqueezed(text, isLetters), text, quoted, found);
        }
    }

    private void Look(
        MappedText reading, Func<TextRule, MappedText, bool, IEnumerable<(int At, int Length)>> matches, string text, QuotedParts? quoted, FoundInText found)
    {
        var letters = Readings.Letters(reading);
        foreach (var rule in _rules)
        {
            Add(rule, matches(rule, reading, false), reading, text, quoted, found);
            if (letters is not null) Add(rule, matches(rule, letters, true), letters, text, quoted, found);
        }
    }

    private static void Add(
        TextRule rule, IEnumerable<(int At, int Length)> matches, MappedText reading, string text, QuotedParts? quoted, FoundInText found)
    {
        foreach (var (at, length) in matches)
        {
            var (first, last) = (reading.From(at), reading.From(at + length - 1));
            var isSpoken = rule.AsksWhenQuoted && quoted is not null && quoted.Contain(first, last);
            var shown = BoundedPart.Of(SecretText.Redact(HiddenText.Shown(text[first..Math.Min(last + 1, text.Length)])));
            found.Add(rule.Name, isSpoken ? SafetyVerdict.NeedsApproval : rule.Verdict, shown);
        }
    }
}

/// <summary>The worst of each rule that a text breaks.</summary>
internal sealed class FoundInText(string where)
{
    private readonly List<SafetyFinding> _found = [];

    public IReadOnlyList<SafetyFinding> All => _found;

    public void Add(string rule, SafetyVerdict verdict, string shown)
    {
        var known = _found.FindIndex(f => f.Rule == rule);
        var finding = new SafetyFinding(SafetyChecks.Text, verdict, rule, where, shown);
        if (known < 0) _found.Add(finding);
        else if (_found[known].Verdict < verdict) _found[known] = finding;
    }

    public IReadOnlyList<SafetyFinding> With(string rule, SafetyVerdict verdict, string shown)
    {
        Add(rule, verdict, shown);
        return _found;
    }
}
