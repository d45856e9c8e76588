namespace Assay.Lanes.Queue.Safety;

/// <summary>The parts of a text that stand in quotes or code marks: they are spoken of, not said.</summary>
internal sealed class QuotedParts
{
    /// <summary>What goes on for longer is no quote.</summary>
    private const int MaxLength = 2_000;

    private const int MaxMarks = 8;

    /// <summary>In order, and none within another.</summary>
    private readonly List<(int From, int To)> _parts = [];

    public QuotedParts(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var end = text[i] switch
            {
                '`' => Code(text, i),
                '"' when Opens(text, i) => Close(text, i, '"'),
                '\'' when Opens(text, i) => Close(text, i, '\''),
                '“' => Close(text, i, '”'),
                '„' => Close(text, i, '“', '”'),
                '«' => Close(text, i, '»'),
                '‘' => Close(text, i, '’'),
                '»' when Opens(text, i) => Close(text, i, '«'),
                _ => -1,
            };
            if (end <= i) continue;
            _parts.Add((i, end));
            i = end;
        }
    }

    /// <summary>Whether a part stands wholly in quotes or code marks.</summary>
    /// <param name="first">Its first character.</param>
    /// <param name="last">Its last character.</param>
    public bool Contain(int first, int last)
    {
        var at = _parts.BinarySearch((first, int.MaxValue));
        var before = at >= 0 ? at : ~at - 1;
        return before >= 0 && last <= _parts[before].To;
    }

    private static int Code(string text, int at)
    {
        var marks = 1;
        while (at + marks < text.Length && text[at + marks] == '`') marks++;
        if (marks > MaxMarks) return -1;
        var end = text.AsSpan(at + marks, Math.Min(text.Length - at - marks, MaxLength)).IndexOf(new string('`', marks));
        return end < 0 ? -1 : at + marks + end + marks - 1;
    }

    private static bool Opens(string text, int at) => at == 0 || char.IsWhiteSpace(text[at - 1]) || text[at - 1] is '(' or '[' or '{' or ':' or '=' or ',' or '-' or '—';

    /// <summary>Where a quote is closed, in the same paragraph and not in the middle of a word.</summary>
    private static int Close(string text, int open, params ReadOnlySpan<char> marks)
    {
        for (var i = open + 1; i < Math.Min(text.Length, open + MaxLength); i++)
        {
            if (text[i] == '\n' && i + 1 < text.Length && text[i + 1] == '\n') return -1;
            if (marks.Contains(text[i]) && (i + 1 == text.Length || !char.IsLetterOrDigit(text[i + 1]))) return i;
        }

        return -1;
    }
}
