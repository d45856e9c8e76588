using Assay.Jobs;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;

namespace Assay.Server.Pages;

/// <summary>A bar of the timeline: a stage that ran, or a person's time to decide.</summary>
/// <param name="Label">The stage or checkpoint.</param>
/// <param name="Detail">How it ended, or who decided.</param>
/// <param name="From">Where the bar begins, from 0 to 1000.</param>
/// <param name="Width">How wide it is.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Kind">stage, failed, wait or open.</param>
public sealed record TimelineBar(string Label, string Detail, double From, double Width, TimeSpan Time, string Kind);

/// <summary>
/// A job's course as bars one after the other. A stage is drawn as long as it took; waiting, which may last days, is drawn short and says in words how long.
/// </summary>
internal static class Timeline
{
    private const double Span = 1000;
    private const double WaitWidth = 60;
    private const double MinWidth = 4;

    public static IReadOnlyList<TimelineBar> Of(JobView job, IReadOnlyList<JobEventView> events, DateTimeOffset now)
    {
        var parts = Stages(job, now).Concat(Waits(events, now)).OrderBy(p => p.Start).ToList();
        var waits = parts.Count(p => p.Kind is "wait" or "open") * WaitWidth;
        var worked = parts.Where(p => p.Kind is not ("wait" or "open")).Sum(p => p.Time.TotalMilliseconds);
        var room = Math.Max(Span / 3, Span - waits);
        var bars = new List<TimelineBar>();
        var at = 0.0;
        foreach (var part in parts)
        {
            var width = part.Kind is "wait" or "open" ? WaitWidth : Math.Max(MinWidth, worked == 0 ? MinWidth : room * part.Time.TotalMilliseconds / worked);
            bars.Add(new TimelineBar(part.Label, part.Detail, at, width, part.Time, part.Kind));
            at += width;
        }

        var scale = at > Span ? Span / at : 1;
        return [.. bars.Select(b => b with { From = b.From * scale, Width = b.Width * scale })];
    }

    private static IEnumerable<Part> Stages(JobView job, DateTimeOffset now) => job.Stages.Select(s =>
    {
        var start = DateTimeOffset.Parse(s.StartedAt);
        var kind = s.Result is { } end && IsBad(end) ? "failed" : "stage";
        var detail = s.Result is { } result ? WireName<StageEnd>.Of(result) : "running";
        return new Part(start, (s.EndedAt is { } until ? DateTimeOffset.Parse(until) : now) - start, s.Attempt == 1 ? s.Stage : $"{s.Stage}, attempt {s.Attempt}", detail, kind);
    });

    private static bool IsBad(StageEnd end) =>
        end is StageEnd.Failed or StageEnd.Interrupted or StageEnd.Refused or StageEnd.StoppedBudget or StageEnd.Cancelled;

    private static IEnumerable<Part> Waits(IReadOnlyList<JobEventView> events, DateTimeOffset now)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i].Waiting is not { } step) continue;
            var end = i + 1 < events.Count ? events[i + 1] : null;
            yield return end is null
                ? new Part(events[i].At, now - events[i].At, step, "waits for a decision", "open")
                : new Part(events[i].At, end.At - events[i].At, step, $"{end.Type.ToLowerInvariant().Replace('_', ' ')} by {end.By.Name}", "wait");
        }
    }

    private sealed record Part(DateTimeOffset Start, TimeSpan Time, string Label, string Detail, string Kind);
}
