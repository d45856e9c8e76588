using Assay.Kernel.Values;
using Assay.Lanes.Jobs;
using Assay.Server.Pages.Shared;

namespace Assay.Server.Pages.Jobs;

/// <summary>A job's course: the stages that ran, and people's time to decide.</summary>
internal static class JobTimeline
{
    public static IReadOnlyList<TimelineBar> Of(JobView job, IReadOnlyList<JobEventView> events, DateTimeOffset now) =>
        Timeline.Of(Stages(job, now).Concat(Waits(events, now)));

    private static IEnumerable<TimelinePart> Stages(JobView job, DateTimeOffset now) => job.Stages.Select(s =>
    {
        var start = DateTimeOffset.Parse(s.StartedAt);
        var kind = s.Result is { } end && IsBad(end) ? TimelinePart.Failed : TimelinePart.Stage;
        var detail = s.Result is { } result ? WireName<StageEnd>.Of(result) : "running";
        var label = s.Attempt == 1 ? s.Stage : $"{s.Stage}, attempt {s.Attempt}";
        return new TimelinePart(start, (s.EndedAt is { } until ? DateTimeOffset.Parse(until) : now) - start, label, detail, kind);
    });

    private static bool IsBad(StageEnd end) =>
        end is StageEnd.Failed or StageEnd.Interrupted or StageEnd.Refused or StageEnd.StoppedBudget or StageEnd.Cancelled;

    private static IEnumerable<TimelinePart> Waits(IReadOnlyList<JobEventView> events, DateTimeOffset now)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i].Waiting is not { } step) continue;
            var (start, end) = (events[i].At, i + 1 < events.Count ? events[i + 1] : null);
            yield return end is null
                ? new TimelinePart(start, now - start, step, "waits for a decision", TimelinePart.Open)
                : new TimelinePart(start, end.At - start, step, $"{Figures.Words(end.Type)} by {end.By.Name}", TimelinePart.Wait);
        }
    }
}
