using Assay.Lanes.Tasks;
using Assay.Server.Pages.Shared;

namespace Assay.Server.Pages.Tasks;

/// <summary>A task's course: each attempt, and the time in which its change was tested.</summary>
internal static class TaskTimeline
{
    private const string Started = "TASK_STARTED";
    private const string Validating = "TASK_VALIDATING";

    /// <summary>Events that stand within a part and do not end it.</summary>
    private static readonly string[] Within = ["TASK_TESTED", "MANUAL_REMINDED", "TASK_CANCEL_REQUESTED", "ESCALATED"];

    private static readonly string[] Bad = ["TASK_FAILED", "TASK_TIMEOUT", "TASK_CANCELLED", "TASK_RETRIED", "MANUAL_FAILED"];

    public static IReadOnlyList<TimelineBar> Of(TaskView task) => Timeline.Of(Parts(task));

    /// <summary>What goes on yet is left out: a page that counts on would be another one at each look.</summary>
    private static IEnumerable<TimelinePart> Parts(TaskView task)
    {
        var attempt = 0;
        for (var i = 0; i < task.Events.Length; i++)
        {
            var begun = task.Events[i];
            if (begun.What is not (Started or Validating)) continue;
            if (begun.What == Started) attempt++;
            if (task.Events.Skip(i + 1).FirstOrDefault(e => !Within.Contains(e.What)) is not { } end) continue;
            var label = begun.What == Validating ? "testing the change" : $"attempt {attempt}";
            var kind = end.What == "MANUAL_DONE" ? TimelinePart.Wait : Bad.Contains(end.What) ? TimelinePart.Failed : TimelinePart.Stage;
            var start = DateTimeOffset.Parse(begun.At);
            yield return new TimelinePart(start, DateTimeOffset.Parse(end.At) - start, label, Figures.Words(end.What), kind);
        }
    }
}
