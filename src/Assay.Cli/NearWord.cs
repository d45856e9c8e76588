namespace Assay.Cli;

/// <summary>The word that somebody probably meant who mistyped one.</summary>
internal static class NearWord
{
    /// <summary>The nearest of the words that are known; null when none is near: of three letters one may be wrong.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        var nearest = known.Select(k => (Word: k, Distance: Distance(word, k))).MinBy(k => k.Distance);
        return nearest.Word is not null && nearest.Distance <= Math.Max(1, word.TrimStart('-').Length / 3) ? nearest.Word : null;
    }

    /// <summary>How many letters are to be left out, put in, changed, or swapped with the next.</summary>
    private static int Distance(string from, string to)
    {
        var steps = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) steps[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) steps[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var changed = steps[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                steps[i, j] = Math.Min(changed, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                var isSwapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                if (isSwapped) steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[from.Length, to.Length];
    }
}
