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

    /// <summary>The most words that what has been read so far may be.</summary>
    private const int MaxExact = 64;

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
        return char.IsLetterOrDigit(c) ? Part.Anything : Part.Word(c.ToString());
    }

    private Part Class()
    {
        // Whatever stands in it: it is one character of which nothing is required.
        if (_at < _pattern.Length && _pattern[_at] == '^') _at++;
        if (_at < _pattern.Length && _pattern[_at] == ']') _at++;
        while (_at < _pattern.Length && _pattern[_at] != ']') _at += _pattern[_at] == '\\' ? 2 : 1;
        if (_at >= _pattern.Length) return Unknown();
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

    /// <summary>A part of an expression: all that its end can be, where that is little, and what it must hold before it.</summary>
    private sealed class Part
    {
        private readonly ImmutableArray<string>? _exact;
        private readonly ImmutableArray<ImmutableArray<string>> _required;

        private Part(ImmutableArray<string>? exact, ImmutableArray<ImmutableArray<string>> required) => (_exact, _required) = (exact, required);

        public static Part Empty { get; } = new([""], []);

        public static Part Anything { get; } = new(null, []);

        public static Part Word(string word) => new([word], []);

        public static Part AnyOf(List<Part> parts)
        {
            if (parts.All(static p => p is { _exact: not null, _required.IsEmpty: true }))
            {
                var all = parts.SelectMany(static p => p._exact!.Value).Distinct(StringComparer.Ordinal).ToImmutableArray();
                if (all.Length <= MaxWords) return new Part(all, []);
            }

            // One set of each: together they are a set of which one is required.
            var sets = parts.Select(static p => p.Best()).ToList();
            if (sets.Exists(static s => s.IsEmpty)) return Anything;
            var words = sets.SelectMany(static s => s).Distinct(StringComparer.Ordinal).ToImmutableArray();
            return words.Length <= MaxWords ? new Part(null, [words]) : Anything;
        }

        public Part Then(Part next)
        {
            if (_exact is { } left && next._exact is { } right && left.Length * right.Length <= Math.Max(MaxExact, Math.Max(left.Length, right.Length)))
            {
                return new Part([.. left.SelectMany(l => right.Select(r => l + r)).Distinct(StringComparer.Ordinal)], [.. _required, .. next._required]);
            }

            // What has been read is closed, and what follows begins anew.
            return new Part(next._exact, [.. Required(), .. next._required]);
        }

        /// <summary>Once or more often.</summary>
        public Part Again() => new(null, Required());

        public ImmutableArray<ImmutableArray<string>> Required() => _exact is { } exact && IsUseful(exact) ? [.. _required, exact] : _required;

        private ImmutableArray<string> Best()
        {
            var required = Required();
            return required.IsEmpty ? [] : required.OrderByDescending(static s => s.Min(static w => w.Length)).ThenBy(static s => s.Length).First();
        }

        private static bool IsUseful(ImmutableArray<string> words) => words.Length > 0 && words.All(static w => w.Length >= LeastLength);
    }
}
