using System.Collections.Immutable;

namespace Assay.Lanes.Tasks;

/// <summary>A task that keeps another from starting, since both may change the same file of a tree.</summary>
/// <param name="TaskId">Which.</param>
/// <param name="Writes">Patterns of the files that it may change.</param>
/// <param name="PersonSince">Since when it waits for a person; null: it is worked on.</param>
public sealed record ScopeHolder(string TaskId, ImmutableArray<string> Writes, DateTimeOffset? PersonSince);

/// <summary>
/// Who keeps whom from starting by its write scope. A manual task holds its scope while a person thinks: what two have changed in one file
/// cannot be brought together without being tested anew, and one of them would have worked for nothing (lane document: Tasks, Execution).
/// </summary>
internal sealed class ScopeHold
{
    private readonly ExecutionState _state;
    private readonly List<TaskState> _holders;
    private readonly HashSet<string> _ready;

    /// <param name="state">The run.</param>
    public ScopeHold(ExecutionState state)
    {
        _state = state;
        var active = state.Tasks.InPlay(TasksUnderWay.None).Where(t => t.IsActive && t.Spec.WorkingTree is not null);
        _holders = [.. active.OrderByDescending(state.WaitsForPerson)];
        _ready = _holders.Count == 0 ? [] : [.. state.Tasks.Ready.Select(t => t.Spec.TaskId)];
    }

    /// <summary>Who keeps a task from starting; null: nobody does.</summary>
    public ScopeHolder? Of(TaskState task)
    {
        if (!_ready.Contains(task.Spec.TaskId)) return null;
        return _holders.Find(h => ScopeRule.Overlap(h.Spec, task.Spec)) is { } holder
            ? new ScopeHolder(holder.Spec.TaskId, holder.Spec.FileScope.Write, _state.WaitsForPerson(holder) ? holder.Clock.Since : null)
            : null;
    }
}
