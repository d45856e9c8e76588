namespace Assay.Lanes.Queue.Safety;

/// <summary>Cuts a text into sentences, so that what stands far apart is not read as one demand.</summary>
internal static class SentenceCut
{
    /// <summary>A dot behind fewer words ends none: words may be set apart to be overlooked.</summary>
    private const int LeastWords = 4;

    private const int MaxLength = 600;

    /// <summary>A sentence that is too long goes on in the next, which begins with its last characters again.</summary>
    private const int Again = 150;

    public static List<(int From, int To)> Cut(ReadOnlySpan<char> text)
    {
        var sentences = new List<(int From, int To)>();
        var (from, words, isWord) = (0, 0, false);
        for (var i = 0; i < text.Length; i++)
        {
            var isLetter = char.IsLetterOrDigit(text[i]);
            if (isLetter && !isWord) words++;
            isWord = isLetter;
            if (words >= LeastWords && Ends(text, i))
            {
                sentences.Add((from, i + 1));
                (from, words) = (i + 1, 0);
            }
            else if (i - from >= MaxLength)
            {
                sentences.Add((from, i + 1));
                from = i + 1 - Again;
                while (from < i && char.IsLetterOrDigit(text[from])) from++;
            }
        }

        if (from < text.Length) sentences.Add((from, text.Length));
        return sentences;
    }

    private static bool Ends(ReadOnlySpan<char> text, int at)
    {
        if (text[at] is '.' or '!' or '?') return at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]);
        if (text[at] != '\n') return false;
        var next = text[(at + 1)..].TrimStart(" \t\r");
        return next is [] or ['\n', ..] or ['-' or '*' or '#' or '>', ' ', ..] || (next.Length > 1 && char.IsAsciiDigit(next[0]) && next[1] is '.' or ')');
    }
}
