namespace Assay.Kernel.Trees;

/// <summary>
/// A pattern for paths of a tree: <c>*</c> and <c>?</c> stay within a name, <c>**</c> as a whole name stands for any number of them. Case counts, and a
/// pattern always names whole paths: <c>src/**</c> is everything below src.
/// </summary>
public sealed class GlobPattern
{
    private const string AnyNames = "**";

    private readonly string[] _names;

    private GlobPattern(string[] names) => _names = names;

    /// <summary>Reads a pattern; null when it is empty, absolute, or leaves the tree.</summary>
    public static GlobPattern? Parse(string text)
    {
        var names = text.Split('/');
        var isBad = names.Any(n => n is "" or "." or ".." || (n != AnyNames && n.Contains(AnyNames, StringComparison.Ordinal)) || n.Any(char.IsControl));
        return isBad ? null : new GlobPattern(names);
    }

    /// <summary>Whether it names a path.</summary>
    public bool Matches(string path) => Matches(path.Split('/'), 0, 0);

    /// <summary>Whether some path may match both. It may say yes where there is none, never no where there is one.</summary>
    public bool Overlaps(GlobPattern other) => Overlaps(_names, 0, other._names, 0);

    private bool Matches(string[] path, int at, int name)
    {
        if (name == _names.Length) return at == path.Length;
        if (_names[name] == AnyNames) return Enumerable.Range(at, path.Length - at + 1).Any(next => Matches(path, next, name + 1));
        return at < path.Length && MatchesName(_names[name], path[at]) && Matches(path, at + 1, name + 1);
    }

    private static bool MatchesName(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        // Greedy with one place to come back to, so that no pattern takes more than the product of both lengths.
        var (p, n, star, mark) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, n);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                (p, n) = (star + 1, ++mark);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].Trim('*').IsEmpty;
    }

    private static bool Overlaps(string[] a, int i, string[] b, int j)
    {
        if (i == a.Length || j == b.Length) return a[i..].All(n => n == AnyNames) && b[j..].All(n => n == AnyNames);
        if (a[i] == AnyNames) return Overlaps(a, i + 1, b, j) || Overlaps(a, i, b, j + 1);
        if (b[j] == AnyNames) return Overlaps(a, i, b, j + 1) || Overlaps(a, i + 1, b, j);
        return NamesOverlap(a[i], b[j]) && Overlaps(a, i + 1, b, j + 1);
    }

    private static bool NamesOverlap(string a, string b)
    {
        if (!IsPattern(a)) return MatchesName(b, a);
        if (!IsPattern(b)) return MatchesName(a, b);
        return true;
    }

    private static bool IsPattern(string name) => name.AsSpan().IndexOfAny('*', '?') >= 0;
}
