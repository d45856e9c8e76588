using System.Collections.Immutable;

namespace Assay.Lanes.Queue.Safety;

/// <summary>
/// What a text must hold for a regular expression to match: of each set at least one word. It is found by reading the expression; where that meets
/// something it does not know, less is required, never more, so that no match is lost.
/// </summary>
internal sealed class RequiredWords
{
    /// <summary>Shorter words are in every text.</summary>
    private const int LeastLength = 3;

    private const int MaxWords = 400;

    /// <summary>The most words that the end of what has been read may be.</summary>
    private const int MaxEnds = 64;

    private readonly string _pattern;
    private int _at;

    private RequiredWords(string pattern) => _pattern = pattern;

    /// <summary>Reads an expression in small letters.</summary>
    /// <returns>The sets; none: nothing is known to be required.</returns>
    public static ImmutableArray<ImmutableArray<string>> Of(string pattern)
    {
        var reader = new RequiredWords(pattern);
        var part = reader.Alternatives();
        return reader._at == pattern.Length ? part.Required() : [];
    }

    private Part Alternatives()
    {
        var all = new List<Part> { Sequence() };
        while (_at < _pattern.Length && _pattern[_at] == '|')
        {
            _at++;
            all.Add(Sequence());
        }

        return all.Count == 1 ? all[0] : Part.AnyOf(all);
    }

    private Part Sequence()
    {
        var sequence = Part.Empty;
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            sequence = sequence.Then(Letters() is { Length: > 0 } word ? Part.Word(word) : Repeated(One()));
        }

        return sequence;
    }

    /// <summary>Letters that stand for themselves, up to the last before one that is repeated.</summary>
    private string Letters()
    {
        var end = _at;
        while (end < _pattern.Length && (char.IsAsciiLetterOrDigit(_pattern[end]) || _pattern[end] == ' ')) end++;
        if (end < _pattern.Length && _pattern[end] is '?' or '*' or '+' or '{') end--;
        if (end <= _at) return "";
        var letters = _pattern[_at..end].ToLowerInvariant();
        _at = end;
        return letters;
    }

    private Part One()
    {
        var c = _pattern[_at++];
        switch (c)
        {
            case '(':
                if (_at + 1 < _pattern.Length && _pattern[_at] == '?')
                {
                    // Only a group that is not kept; another is something that is not known here.
                    if (_pattern[_at + 1] != ':') return Unknown();
                    _at += 2;
                }

                var inner = Alternatives();
                if (_at == _pattern.Length) return Unknown();
                _at++;
                return inner;
            case '[':
                return Class();
            case '\\':
                return Escape();
            case '^' or '$':
                return Part.Empty;
            case '.':
                return Part.Anything;
            default:
                return Part.Word(char.ToLowerInvariant(c).ToString());
        }
    }

    private Part Escape()
    {
        if (_at == _pattern.Length) return Unknown();
        var c = _pattern[_at++];
        if (c is 'b' or 'B' or 'A' or 'z' or 'Z') return Part.Empty;
        if ("wWsSdDnrtfv".Contains(c, StringComparison.Ordinal)) return Part.Anything;
        return char.IsLetterOrDigit(c) ? Unknown() : Part.Word(c.ToString());
    }

    private Part Class()
    {
        // Whatever stands in it: it is one character of which nothing is required.
        if (_at < _pattern.Length && _pattern[_at] == '^') _at++;
        if (_at < _pattern.Length && _pattern[_at] == ']') _at++;
        while (_at < _pattern.Length && _pattern[_at] is not (']' or '[')) _at += _pattern[_at] == '\\' ? 2 : 1;

        // A class within a class takes from it, and ends elsewhere.
        if (_at >= _pattern.Length || _pattern[_at] == '[') return Unknown();
        _at++;
        return Part.Anything;
    }

    private Part Repeated(Part part)
    {
        if (_at >= _pattern.Length) return part;
        switch (_pattern[_at])
        {
            case '*':
                _at++;
                part = Part.Anything;
                break;
            case '?':
                _at++;
                part = Part.AnyOf([part, Part.Empty]);
                break;
            case '+':
                _at++;
                part = part.Again();
                break;
            case '{' when _at + 1 < _pattern.Length && char.IsAsciiDigit(_pattern[_at + 1]):
                var isOptional = _pattern[_at + 1] == '0';
                var end = _pattern.IndexOf('}', _at);
                if (end < 0) return Unknown();
                _at = end + 1;
                part = isOptional ? Part.Anything : part.Again();
                break;
        }

        // Said of a repetition, that it takes as little as it can.
        if (_at < _pattern.Length && _pattern[_at] == '?') _at++;
        return part;
    }

    /// <summary>What is not known ends the reading, so that nothing is required.</summary>
    private Part Unknown()
    {
        _at = _pattern.Length + 1;
        return Part.Anything;
    }

    /// <summary>A part of an expression: what it must hold, and all that its end can be, where that is little.</summary>
    /// <param name="End">All that its end can be; null: that is not known.</param>
    /// <param name="IsWhole">Whether the end is all of it, so that what stands before it goes on in it.</param>
    /// <param name="Before">What stands before the end must hold a word of each of these.</param>
    private sealed record Part(ImmutableArray<string>? End, bool IsWhole, ImmutableArray<ImmutableArray<string>> Before)
    {
        public static Part Empty { get; } = Word("");

        public static Part Anything { get; } = new(null, IsWhole: false, []);

        public static Part Word(string word) => new([word], IsWhole: true, []);

        public static Part AnyOf(List<Part> parts)
        {
            if (parts.All(static p => p is { End: not null, Before.IsEmpty: true }))
            {
                var all = parts.SelectMany(static p => p.End!.Value).Distinct(StringComparer.Ordinal).ToImmutableArray();
                if (all.Length <= MaxWords) return new Part(all, parts.All(static p => p.IsWhole), []);
            }

            // One set of each: together they are a set of which one is required.
            var sets = parts.Select(static p => p.Best()).ToList();
            if (sets.Exists(static s => s.IsEmpty)) return Anything;
            var words = sets.SelectMany(static s => s).Distinct(StringComparer.Ordinal).ToImmutableArray();
            return words.Length <= MaxWords ? new Part(null, IsWhole: false, [words]) : Anything;
        }

        public Part Then(Part next)
        {
            if (End is { } left && next is { End: { } right, IsWhole: true } && left.Length * right.Length <= Math.Max(MaxEnds, Math.Max(left.Length, right.Length)))
            {
                return this with { End = [.. left.SelectMany(l => right.Select(r => l + r)).Distinct(StringComparer.Ordinal)] };
            }

            // What has been read is closed, and what follows begins anew.
            return new Part(next.End, IsWhole: false, [.. Required(), .. next.Before]);
        }

        /// <summary>Once or more often.</summary>
        public Part Again() => new(null, IsWhole: false, Required());

        public ImmutableArray<ImmutableArray<string>> Required() => End is { } end && IsUseful(end) ? [.. Before, end] : Before;

        private ImmutableArray<string> Best()
        {
            var required = Required();
            return required.IsEmpty ? [] : required.OrderByDescending(static s => s.Min(static w => w.Length)).ThenBy(static s => s.Length).First();
        }

        private static bool IsUseful(ImmutableArray<string> words) => words.Length > 0 && words.All(static w => w.Length >= LeastLength);
    }
}
