using System.Text.Json.Serialization;

namespace Assay.Server.Pages.Shared;

/// <summary>What a line of a diff is.</summary>
public enum DiffLineKind
{
    [JsonStringEnumMemberName("context")]
    Context,

    [JsonStringEnumMemberName("added")]
    Added,

    [JsonStringEnumMemberName("removed")]
    Removed,

    /// <summary>Where the lines that follow stand.</summary>
    [JsonStringEnumMemberName("hunk")]
    Hunk,
}

/// <summary>A line of a diff with its numbers before and after.</summary>
public sealed record DiffLine(DiffLineKind Kind, int? Before, int? After, string Text);

/// <summary>A row of two versions side by side; a side without a line is null.</summary>
internal sealed record DiffPair(DiffLine? Before, DiffLine? After)
{
    /// <summary>The same lines side by side: removed and added ones that stand together make rows together.</summary>
    public static IEnumerable<DiffPair> Of(IReadOnlyList<DiffLine> lines)
    {
        var (removed, added) = (new Queue<DiffLine>(), new Queue<DiffLine>());
        foreach (var line in lines)
        {
            if (line.Kind == DiffLineKind.Removed) removed.Enqueue(line);
            else if (line.Kind == DiffLineKind.Added) added.Enqueue(line);
            else
            {
                foreach (var pair in Drain(removed, added)) yield return pair;
                yield return new DiffPair(line, line);
            }
        }

        foreach (var pair in Drain(removed, added)) yield return pair;
    }

    private static IEnumerable<DiffPair> Drain(Queue<DiffLine> removed, Queue<DiffLine> added)
    {
        while (removed.Count > 0 || added.Count > 0)
        {
            yield return new DiffPair(removed.TryDequeue(out var before) ? before : null, added.TryDequeue(out var after) ? after : null);
        }
    }
}
