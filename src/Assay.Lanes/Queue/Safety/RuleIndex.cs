using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Assay.Lanes.Queue.Safety;

/// <summary>
/// Rules in the form in which one kind of reading is looked through, with the words without which none can match: most texts hold none of them, and cost one
/// pass.
/// </summary>
internal sealed class RuleIndex
{
    private readonly ImmutableArray<Indexed> _rules;
    private readonly WordIndex _words;
    private readonly int _sets;

    /// <param name="rules">The rules.</param>
    /// <param name="form">What a pattern is in this form.</param>
    public RuleIndex(IEnumerable<DemandRule> rules, Func<string, string> form)
    {
        var words = new List<(string Word, int Set)>();
        var all = ImmutableArray.CreateBuilder<Indexed>();
        foreach (var rule in rules)
        {
            var patterns = rule.Patterns.Select(p => form(p)).ToImmutableArray();
            var first = _sets;
            foreach (var set in patterns.SelectMany(static p => RequiredWords.Of(p)))
            {
                words.AddRange(set.Select(w => (w, _sets)));
                _sets++;
            }

            all.Add(new Indexed(rule, first, _sets, [.. patterns.Select(static p => new Lazy<Regex>(() => TextPattern.Compile(p)))]));
        }

        (_rules, _words) = (all.ToImmutable(), new WordIndex(words));
    }

    /// <summary>Where rules are broken: each match of a rule's only pattern, or the first of its first when all are found.</summary>
    public IEnumerable<(DemandRule Rule, int At, int Length)> In(MappedText text)
    {
        var marked = new bool[_sets];
        _words.Mark(text.Text, marked);
        foreach (var rule in _rules)
        {
            if (marked.AsSpan(rule.FirstSet..rule.EndSet).Contains(false)) continue;
            if (rule.Patterns.Length > 1 && !rule.Patterns.All(p => p.Value.IsMatch(text.Text))) continue;
            foreach (var match in Matches(rule.Patterns[0].Value, text))
            {
                yield return (rule.Rule, match.At, match.Length);
                if (rule.Patterns.Length > 1) break;
            }
        }
    }

    private static List<(int At, int Length)> Matches(Regex pattern, MappedText text)
    {
        var found = new List<(int At, int Length)>();
        foreach (var match in pattern.EnumerateMatches(text.Text))
        {
            if (match.Length > 0) found.Add((match.Index, match.Length));
        }

        return found;
    }

    private readonly record struct Indexed(DemandRule Rule, int FirstSet, int EndSet, ImmutableArray<Lazy<Regex>> Patterns);
}
