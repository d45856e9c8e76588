namespace Assay.Server.Pages;

/// <summary>What became of a line between two versions.</summary>
public enum LineChange
{
    Same,
    Removed,
    Added,
}

/// <summary>A row of two versions side by side; a side without a line is null.</summary>
public sealed record DiffRow(string? Before, string? After)
{
    public LineChange Change => Before == After ? LineChange.Same : After is null ? LineChange.Removed : LineChange.Added;

    public bool IsSame => Change == LineChange.Same;
}

/// <summary>Compares two texts line by line, by their longest common subsequence.</summary>
internal static class LineDiff
{
    /// <summary>Middle parts with more pairs of lines than this are shown as wholly replaced.</summary>
    private const int MaxCells = 4_000_000;

    public static IReadOnlyList<DiffRow> Compare(string before, string after)
    {
        var (a, b) = (before.Split('\n'), after.Split('\n'));
        var head = 0;
        while (head < a.Length && head < b.Length && a[head] == b[head]) head++;
        var tail = 0;
        while (tail < a.Length - head && tail < b.Length - head && a[^(tail + 1)] == b[^(tail + 1)]) tail++;
        var rows = new List<DiffRow>(a[..head].Select(l => new DiffRow(l, l)));
        rows.AddRange(Pair(Middle(a[head..^tail], b[head..^tail])));
        rows.AddRange(a[(a.Length - tail)..].Select(l => new DiffRow(l, l)));
        return rows;
    }

    private static List<DiffRow> Middle(string[] a, string[] b)
    {
        if ((long)a.Length * b.Length > MaxCells) return [.. a.Select(l => new DiffRow(l, null)), .. b.Select(l => new DiffRow(null, l))];
        var common = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length - 1; i >= 0; i--)
        {
            for (var j = b.Length - 1; j >= 0; j--) common[i, j] = a[i] == b[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var rows = new List<DiffRow>();
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j]) rows.Add(new DiffRow(a[i++], b[j++]));
            else if (j == b.Length || (i < a.Length && common[i + 1, j] >= common[i, j + 1])) rows.Add(new DiffRow(a[i++], null));
            else rows.Add(new DiffRow(null, b[j++]));
        }

        return rows;
    }

    /// <summary>Puts removed and added lines that stand together side by side.</summary>
    private static IEnumerable<DiffRow> Pair(List<DiffRow> rows)
    {
        for (var i = 0; i < rows.Count;)
        {
            if (rows[i].IsSame)
            {
                yield return rows[i++];
                continue;
            }

            var block = rows.Skip(i).TakeWhile(r => !r.IsSame).ToList();
            var removed = block.Select(r => r.Before).OfType<string>().ToList();
            var added = block.Select(r => r.After).OfType<string>().ToList();
            for (var k = 0; k < Math.Max(removed.Count, added.Count); k++) yield return new DiffRow(removed.ElementAtOrDefault(k), added.ElementAtOrDefault(k));
            i += block.Count;
        }
    }
}
