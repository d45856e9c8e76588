using System.Collections.Immutable;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>
/// One stream, folded: its lane's state, the effects under way, and where the growing files end that its events have written to.
/// </summary>
/// <param name="Lane">Its lane.</param>
/// <param name="State">The lane's state.</param>
/// <param name="Effects">The effects under way.</param>
/// <param name="Ends">The length of each growing file, by its root and path.</param>
public sealed record LaneFold(ILane Lane, object State, ActiveEffects Effects, ImmutableDictionary<(string? Root, string Path), long> Ends)
{
    /// <summary>A stream without events.</summary>
    public static LaneFold Of(ILane lane) =>
        new(lane, lane.Initial, ActiveEffects.None, ImmutableDictionary<(string? Root, string Path), long>.Empty);

    /// <summary>Folds an event that is recorded.</summary>
    /// <returns>What comes of it, and the event with its lines.</returns>
    public (LaneFold Fold, FoldedEvent Event) Take(RecordedEvent recorded)
    {
        var state = Lane.Evolve(State, recorded);
        if (recorded.Lines is { Count: 0 }) return Without(state, recorded);
        if (recorded.Lines is null) return Placed(state, recorded, Lane.LinesOfFormat1(state, recorded));
        var lines = recorded.Lines.Select(l => new AppendedLine(l.Root, l.Path, l.Offset, l.Bytes, l.Sha256)).ToList();
        return With(state, recorded, lines);
    }

    /// <summary>Folds an event that is to be recorded, and makes the lines that are recorded with it.</summary>
    public (LaneFold Fold, FoldedEvent Event) Record(RecordedEvent fresh)
    {
        var state = Lane.Evolve(State, fresh);
        var made = Lane.Lines(state, fresh);
        if (made.Count == 0) return Without(state, fresh);
        var (fold, folded) = Placed(state, fresh, made);
        var lines = folded.Lines.Select(l => new RecordedLine(l.Root, l.Path, l.Offset, l.SizeBytes, l.Sha256)).ToList();
        return (fold, folded with { Recorded = fresh with { Lines = lines } });
    }

    /// <summary>What most events are: no line was made with them.</summary>
    private (LaneFold Fold, FoldedEvent Event) Without(object state, RecordedEvent recorded) =>
        (new LaneFold(Lane, state, Effects.Evolve(recorded.Body), Ends), new FoldedEvent(Lane, state, recorded, []));

    private (LaneFold Fold, FoldedEvent Event) Placed(object state, RecordedEvent recorded, IReadOnlyList<LogLine> lines)
    {
        var ends = Ends;
        var placed = new List<AppendedLine>(lines.Count);
        foreach (var line in lines)
        {
            var place = (line.Root, line.Path);
            var at = ends.GetValueOrDefault(place);
            placed.Add(new AppendedLine(line.Root, line.Path, at, line.Bytes.Length, Digest.Of(line.Bytes.Span)) { Content = line.Bytes });
            ends = ends.SetItem(place, at + line.Bytes.Length);
        }

        return With(state, recorded, placed);
    }

    private (LaneFold Fold, FoldedEvent Event) With(object state, RecordedEvent recorded, IReadOnlyList<AppendedLine> lines)
    {
        var ends = lines.Aggregate(Ends, static (known, line) => known.SetItem((line.Root, line.Path), line.End));
        return (new LaneFold(Lane, state, Effects.Evolve(recorded.Body), ends), new FoldedEvent(Lane, state, recorded, lines));
    }
}

/// <summary>An event with the state that it led to, and its lines in their places.</summary>
/// <param name="Lane">Its lane.</param>
/// <param name="State">The state that contains it.</param>
/// <param name="Recorded">The event.</param>
/// <param name="Lines">The lines of growing files that were made with it.</param>
public sealed record FoldedEvent(ILane Lane, object State, RecordedEvent Recorded, IReadOnlyList<AppendedLine> Lines)
{
    /// <summary>All files that it gives rise to.</summary>
    public IReadOnlyList<MirrorFile> Files => Lines.Count == 0 ? Lane.Mirror(State, Recorded) : [.. Lane.Mirror(State, Recorded), .. Lines];
}
