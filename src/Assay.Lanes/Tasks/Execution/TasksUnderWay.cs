using Assay.Kernel.Lanes;

namespace Assay.Lanes.Tasks;

/// <summary>
/// The effects of a run that are under way, by task. Few of ten thousand tasks have any, so it is made anew for each question to the lane.
/// </summary>
internal sealed class TasksUnderWay(ActiveEffects active)
{
    /// <summary>Those of a run that is at rest.</summary>
    public static readonly TasksUnderWay None = new(ActiveEffects.None);

    private readonly ILookup<string?, string> _byTask = active.Ids.ToLookup(TaskEffects.TaskOf, StringComparer.Ordinal);

    /// <summary>Whether nothing is under way, for a task or besides.</summary>
    public bool IsEmpty => active.Count == 0;

    /// <summary>The tasks that have effects under way.</summary>
    public IEnumerable<string> TaskIds => _byTask.Select(g => g.Key).OfType<string>();

    /// <summary>Whether an effect is under way.</summary>
    public bool Contains(string effectId) => active.Contains(effectId);

    /// <summary>Whether a task has effects under way.</summary>
    public bool HasAny(TaskState task) => _byTask.Contains(task.Spec.TaskId);

    /// <summary>The effects of a task that are under way, in the order of their ids.</summary>
    public IEnumerable<string> Of(TaskState task) => _byTask[task.Spec.TaskId];
}
