namespace Assay.Lanes.Queue.Safety;

/// <summary>The parts of a text that stand in quotes or code marks: they are spoken of, not said.</summary>
internal sealed class QuotedParts
{
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
    public bool Contain(int first, int last) => _parts.Any(p => p.From <= first && last <= p.To);

    private static int Code(string text, int at)
    {
        var marks = 1;
        while (at + marks < text.Length && text[at + marks] == '`') marks++;
        var end = text.IndexOf(new string('`', marks), at + marks, StringComparison.Ordinal);
        return end < 0 ? -1 : end + marks - 1;
    }

    private static bool Opens(string text, int at) => at == 0 || char.IsWhiteSpace(text[at - 1]) || text[at - 1] is '(' or '[' or '{' or ':' or '=' or ',' or '-' or '—';

    /// <summary>Where a quote is closed, in the same paragraph and not in the middle of a word.</summary>
    private static int Close(string text, int open, params ReadOnlySpan<char> marks)
    {
        for (var i = open + 1; i < text.Length; i++)
        {
            if (text[i] == '\n' && i + 1 < text.Length && text[i + 1] == '\n') return -1;
            if (marks.Contains(text[i]) && (i + 1 == text.Length || !char.IsLetterOrDigit(text[i + 1]))) return i;
        }

        return -1;
    }
}
