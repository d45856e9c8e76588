namespace Assay.Server.Pages.Shared;

/// <summary>Compares two texts line by line, by their longest common subsequence.</summary>
internal static class LineDiff
{
    /// <summary>Middle parts with more pairs of lines than this are shown as wholly replaced.</summary>
    private const int MaxCells = 4_000_000;

    public static IReadOnlyList<DiffLine> Compare(string before, string after)
    {
        var (a, b) = (before.Split('\n'), after.Split('\n'));
        var head = 0;
        while (head < a.Length && head < b.Length && a[head] == b[head]) head++;
        var tail = 0;
        while (tail < a.Length - head && tail < b.Length - head && a[^(tail + 1)] == b[^(tail + 1)]) tail++;
        var lines = new Lines(a, b);
        for (var i = 0; i < head; i++) lines.Keep();
        Middle(lines, a.Length - tail, b.Length - tail);
        for (var i = 0; i < tail; i++) lines.Keep();
        return lines.Made;
    }

    /// <summary>What stands before these ends.</summary>
    private static void Middle(Lines lines, int endA, int endB)
    {
        var (startA, startB) = (lines.A, lines.B);
        if ((long)(endA - startA) * (endB - startB) > MaxCells)
        {
            while (lines.A < endA) lines.Remove();
            while (lines.B < endB) lines.Add();
            return;
        }

        var common = new int[endA - startA + 1, endB - startB + 1];
        for (var i = endA - startA - 1; i >= 0; i--)
        {
            for (var j = endB - startB - 1; j >= 0; j--)
            {
                common[i, j] = lines.IsSame(startA + i, startB + j)
                    ? common[i + 1, j + 1] + 1
                    : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        while (lines.A < endA || lines.B < endB)
        {
            var (i, j) = (lines.A - startA, lines.B - startB);
            if (lines.A < endA && lines.B < endB && lines.IsSame(lines.A, lines.B)) lines.Keep();
            else if (lines.B == endB || (lines.A < endA && common[i + 1, j] >= common[i, j + 1])) lines.Remove();
            else lines.Add();
        }
    }

    /// <summary>Lines of a diff as they are made, with how far both texts are read.</summary>
    private sealed class Lines(string[] before, string[] after)
    {
        public List<DiffLine> Made { get; } = [];

        public int A { get; private set; }

        public int B { get; private set; }

        public bool IsSame(int a, int b) => before[a] == after[b];

        public void Keep()
        {
            Made.Add(new DiffLine(DiffLineKind.Context, A + 1, B + 1, before[A]));
            A++;
            B++;
        }

        public void Remove() => Made.Add(new DiffLine(DiffLineKind.Removed, A + 1, null, before[A++]));

        public void Add() => Made.Add(new DiffLine(DiffLineKind.Added, null, B + 1, after[B++]));
    }
}
