using System.Buffers;

namespace Assay.Lanes.Queue.Safety;

/// <summary>
/// The ways in which a sentence can be read once its disguises are undone: punctuation between words or within them, digits and signs for letters,
/// letters set apart.
/// </summary>
internal static class Readings
{
    /// <summary>What digits and signs for letters leave open is read as one letter, in texts and in patterns.</summary>
    public const char OneOrL = 'i';

    /// <summary>Fewer letters that stand alone are a list or a name.</summary>
    private const int LeastSpelled = 4;

    private static readonly SearchValues<char> Between = SearchValues.Create("-_*~`'\"|+()[]{}<>,;:=#\\");
    private static readonly SearchValues<char> Within = SearchValues.Create("-_*~`'\".|^+/\\,:");
    private static readonly SearchValues<char> Signs = SearchValues.Create("013457890@$!|+");

    /// <summary>All readings of a sentence, without those that are the same as another.</summary>
    public static IEnumerable<MappedText> Of(MappedText text, int from, int to)
    {
        var plain = Plain(text, from, to);
        yield return plain;
        var isPunctuated = plain.Text.ContainsAny(Between) || plain.Text.ContainsAny(Within);
        var spaced = isPunctuated ? Spaced(plain) : plain;
        if (isPunctuated) yield return spaced;
        var joined = isPunctuated ? Joined(plain) : plain;
        if (joined.Length < plain.Length) yield return joined;
        var spelled = Spelled(text, from, to);
        if (spelled is not null) yield return spelled;
    }

    /// <summary>Only letters and digits, as if all spaces were there to divide words.</summary>
    public static MappedText Squeezed(MappedText text, int from, int to)
    {
        var squeezed = new MappedText(to - from);
        for (var i = from; i < to; i++)
        {
            if (char.IsLetterOrDigit(text[i])) squeezed.Add(text[i], text.From(i));
        }

        return squeezed;
    }

    /// <summary>What is left of a sentence when digits and signs that stand for letters are read as these; null: it has none.</summary>
    public static MappedText? Letters(MappedText text)
    {
        var letters = new MappedText(text.Length);
        var isChanged = false;
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            while (end < text.Length && text[end] != ' ') end++;
            var word = text.Text[i..end];
            var isMixed = word.ContainsAnyInRange('a', 'z') && word.ContainsAny(Signs);
            for (; i < end; i++)
            {
                var letter = isMixed ? Letter(text, i, end) : text[i];
                isChanged |= letter != text[i] && text[i] != 'l';
                letters.Add(letter == 'l' ? OneOrL : letter, text.From(i));
            }

            if (i < text.Length) letters.Add(text[i], text.From(i++));
        }

        return isChanged ? letters : null;
    }

    private static char Letter(MappedText text, int at, int end) => text[at] switch
    {
        '0' => 'o',
        '1' => OneOrL,
        '3' => 'e',
        '4' or '@' => 'a',
        '5' or '$' => 's',
        '7' or '+' => 't',
        '8' => 'b',
        '9' => 'g',
        '!' or '|' when at + 1 < end && char.IsLetterOrDigit(text[at + 1]) => OneOrL,
        var other => other,
    };

    private static MappedText Plain(MappedText text, int from, int to)
    {
        var plain = new MappedText(to - from);
        for (var i = from; i < to; i++)
        {
            if (char.IsWhiteSpace(text[i])) plain.AddSpace(text.From(i));
            else plain.Add(text[i], text.From(i));
        }

        return plain;
    }

    private static MappedText Spaced(MappedText plain)
    {
        var spaced = new MappedText(plain.Length);
        for (var i = 0; i < plain.Length; i++)
        {
            if (plain[i] == ' ' || Between.Contains(plain[i])) spaced.AddSpace(plain.From(i));
            else spaced.Add(plain[i], plain.From(i));
        }

        return spaced;
    }

    private static MappedText Joined(MappedText plain)
    {
        var joined = new MappedText(plain.Length);
        for (var i = 0; i < plain.Length; i++)
        {
            if (joined.Length > 0 && char.IsLetterOrDigit(joined[joined.Length - 1]) && Within.Contains(plain[i]) && !IsAddress(plain, i))
            {
                var next = i + 1;
                while (next < plain.Length && Within.Contains(plain[next])) next++;

                // A word that is divided at the end of a line goes on behind the space.
                if (next < plain.Length && plain[next] == ' ' && plain[i] == '-' && next == i + 1) next++;
                if (next < plain.Length && char.IsLetterOrDigit(plain[next]))
                {
                    i = next - 1;
                    continue;
                }
            }

            joined.Add(plain[i], plain.From(i));
        }

        return joined;
    }

    /// <summary>Whether the word at a place is an address, which would be none without its punctuation.</summary>
    private static bool IsAddress(MappedText text, int at)
    {
        var from = text.Text[..at].LastIndexOf(' ') + 1;
        var length = text.Text[at..].IndexOf(' ');
        return text.Text[from..(length < 0 ? text.Length : at + length)].Contains("://", StringComparison.Ordinal);
    }

    /// <summary>The sentence with letters that are set apart joined to words; null: there are none.</summary>
    private static MappedText? Spelled(MappedText text, int from, int to)
    {
        var spelled = new MappedText(to - from);
        var isSpelled = false;
        for (var i = from; i < to;)
        {
            var end = SpelledRun(text, i, to, out var letters);
            if (letters >= LeastSpelled)
            {
                isSpelled = true;
                spelled.AddSpace(text.From(i));
                AddRun(text, i, end, spelled);
                spelled.AddSpace(text.From(end - 1));
                i = end;
                continue;
            }

            // To the end of this word, within which no run begins.
            do
            {
                if (char.IsWhiteSpace(text[i])) spelled.AddSpace(text.From(i));
                else spelled.Add(text[i], text.From(i));
                i++;
            }
            while (i < to && IsLetter(text, i - 1) && IsLetter(text, i));
        }

        return isSpelled ? spelled : null;
    }

    /// <summary>Where a run of letters that each stand alone ends.</summary>
    private static int SpelledRun(MappedText text, int from, int to, out int letters)
    {
        letters = 0;
        var end = from;
        for (var i = from; i < to;)
        {
            if (!IsLetter(text, i) || (i + 1 < to && IsLetter(text, i + 1))) break;
            letters++;
            end = ++i;
            while (i < to && i - end < 4 && !IsLetter(text, i)) i++;
        }

        return end;
    }

    private static void AddRun(MappedText text, int from, int end, MappedText spelled)
    {
        var last = from;
        for (var i = from; i < end; i++)
        {
            if (!IsLetter(text, i)) continue;
            if (i - last > 2) spelled.AddSpace(text.From(i));
            spelled.Add(text[i], text.From(i));
            last = i;
        }
    }

    private static bool IsLetter(MappedText text, int at) => char.IsLetterOrDigit(text[at]) || text[at] is '@' or '$';
}
