using System.Collections.Immutable;

namespace Assay.Lanes.Queue.Safety;

/// <summary>Judges what a text asks for, however it is disguised.</summary>
internal sealed class TextJudge
{
    /// <summary>How often something that was decoded is decoded again.</summary>
    private const int MaxDepth = 3;

    private const int MaxLength = 1_000_000;

    /// <summary>More texts than these in one are made to keep the judge busy.</summary>
    private const int MaxTexts = 64;

    /// <summary>Shorter words may stand by chance where others meet.</summary>
    private const int LeastSqueezed = 14;

    private readonly RuleIndex _plain;
    private readonly Lazy<RuleIndex> _letters;
    private readonly RuleIndex _squeezed;
    private readonly Lazy<RuleIndex> _squeezedLetters;

    /// <param name="text">Patterns that have been checked.</param>
    public TextJudge(GuardedText text)
    {
        ImmutableArray<DemandRule> rules =
        [
            .. text.Deny.Select(static e => DemandRule.Of(e, SafetyVerdict.Deny)), .. text.Approval.Select(static e => DemandRule.Of(e, SafetyVerdict.NeedsApproval)),
        ];
        var demands = rules.Where(static r => r is { Name: DemandRule.Injection, Patterns.Length: 1 }).ToList();
        _plain = new RuleIndex(rules, TextPattern.Plain);
        _letters = new Lazy<RuleIndex>(() => new RuleIndex(rules, TextPattern.Letters));
        _squeezed = new RuleIndex(demands, TextPattern.Squeezed);
        _squeezedLetters = new Lazy<RuleIndex>(() => new RuleIndex(demands, TextPattern.SqueezedLetters));
    }

    /// <summary>Judges a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="where">JSON pointer of it.</param>
    /// <returns>For each rule that is broken the worst place.</returns>
    public IReadOnlyList<SafetyFinding> Judge(string text, string where)
    {
        var found = new FoundInText(where);
        if (text.Length > MaxLength) return found.With(SafetyRules.TooLong, SafetyVerdict.Deny, $"{text.Length} characters; at most {MaxLength} are judged");
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
        if (HiddenText.In(text) is { } hidden) found.Add(SafetyRules.HiddenText, SafetyVerdict.Deny, hidden);
        if (SecretText.IsIn(text)) found.Add(SafetyRules.SecretInText, SafetyVerdict.Deny, "a private key or a token");
        var folded = FoldedText.Of(text);
        var quoted = depth == 0 ? new QuotedParts(text) : null;
        foreach (var (from, to) in SentenceCut.Cut(folded.Text))
        {
            foreach (var reading in Readings.Of(folded, from, to))
            {
                Add(_plain, reading, 0, text, quoted, found);
                if (Readings.Letters(reading) is { } letters) Add(_letters.Value, letters, 0, text, quoted, found);
            }

            var squeezed = Readings.Squeezed(folded, from, to);
            Add(_squeezed, squeezed, LeastSqueezed, text, quoted, found);
            if (Readings.Letters(squeezed) is { } squeezedLetters) Add(_squeezedLetters.Value, squeezedLetters, LeastSqueezed, text, quoted, found);
        }
    }

    private static void Add(RuleIndex rules, MappedText reading, int least, string text, QuotedParts? quoted, FoundInText found)
    {
        foreach (var (rule, at, length) in rules.In(reading))
        {
            if (length < least) continue;
            var (first, last) = (reading.From(at), reading.From(at + length - 1));
            var isSpoken = rule.AsksWhenQuoted && quoted is not null && quoted.Contain(first, last);
            var verdict = isSpoken ? SafetyVerdict.NeedsApproval : rule.Verdict;

            // Showing a part goes through the whole text, so that only what is not known yet is shown.
            if (found.IsNews(rule.Name, verdict)) found.Add(rule.Name, verdict, BoundedPart.Of(text, first, Math.Min(last + 1, text.Length) - first));
        }
    }
}

/// <summary>The worst of each rule that a text breaks.</summary>
internal sealed class FoundInText(string where)
{
    private readonly List<SafetyFinding> _found = [];

    public IReadOnlyList<SafetyFinding> All => _found;

    /// <summary>Whether nothing as bad is known of a rule.</summary>
    public bool IsNews(string rule, SafetyVerdict verdict) => !_found.Exists(f => f.Rule == rule && f.Verdict >= verdict);

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
