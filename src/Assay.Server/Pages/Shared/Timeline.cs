namespace Assay.Server.Pages.Shared;

/// <summary>A bar of a timeline.</summary>
/// <param name="Label">What went on.</param>
/// <param name="Detail">How it ended, or who decided.</param>
/// <param name="From">Where the bar begins, from 0 to 1000.</param>
/// <param name="Width">How wide it is.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Kind">What it looks like: one of the constants of <see cref="TimelinePart"/>.</param>
public sealed record TimelineBar(string Label, string Detail, double From, double Width, TimeSpan Time, string Kind);

/// <summary>Something that went on for a time.</summary>
internal sealed record TimelinePart(DateTimeOffset Start, TimeSpan Time, string Label, string Detail, string Kind)
{
    public const string Stage = "stage";
    public const string Failed = "failed";

    /// <summary>A person's time to decide, which is over.</summary>
    public const string Wait = "wait";

    /// <summary>A person's time to decide, which goes on.</summary>
    public const string Open = "open";

    public bool IsWait => Kind is Wait or Open;
}

/// <summary>
/// What went on as bars one after the other. Work is drawn as long as it took; waiting, which may last days, is drawn short and says in
/// words how long.
/// </summary>
internal static class Timeline
{
    private const double Span = 1000;
    private const double WaitWidth = 60;
    private const double MinWidth = 4;

    public static IReadOnlyList<TimelineBar> Of(IEnumerable<TimelinePart> unordered)
    {
        var parts = unordered.OrderBy(p => p.Start).ToList();
        var waits = parts.Count(p => p.IsWait) * WaitWidth;
        var worked = parts.Where(p => !p.IsWait).Sum(p => p.Time.TotalMilliseconds);
        var room = Math.Max(Span / 3, Span - waits);
        var bars = new List<TimelineBar>();
        var at = 0.0;
        foreach (var part in parts)
        {
            var width = part.IsWait ? WaitWidth : Math.Max(MinWidth, worked == 0 ? MinWidth : room * part.Time.TotalMilliseconds / worked);
            bars.Add(new TimelineBar(part.Label, part.Detail, at, width, part.Time, part.Kind));
            at += width;
        }

        var scale = at > Span ? Span / at : 1;
        return [.. bars.Select(b => b with { From = b.From * scale, Width = b.Width * scale })];
    }
}
