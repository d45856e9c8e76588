namespace Assay.Lanes.Tasks;

/// <summary>
/// Changes come into a tree one after the other, so that each is tested on what the one before has left. Who has begun to come in, or is
/// tested again because the tree had moved on, is not overtaken.
/// </summary>
internal static class CommitQueue
{
    /// <summary>Whether it is a task's turn.</summary>
    /// <param name="state">The run.</param>
    /// <param name="inPlay">The tasks with which something happens.</param>
    /// <param name="task">One that is tested and has a change.</param>
    public static bool IsNext(ExecutionState state, IReadOnlyCollection<TaskState> inPlay, TaskState task)
    {
        var sameTree = inPlay.Where(t => ScopeRule.SharesTree(t.Spec, task.Spec)).ToList();
        var next = sameTree.Find(HoldsTurn) ?? sameTree.Find(t => IsReady(state, t));
        return next?.Spec.TaskId == task.Spec.TaskId;
    }

    /// <summary>Whether nothing is left to do for a task but to bring its change into the tree.</summary>
    public static bool IsReady(ExecutionState state, TaskState task) =>
        task is { CancelRequested: null, Standing: TaskStanding.Testing { Attempt: { Copy: not null, Patch: { } patch } attempt } }
        && task.Spec.AcceptanceTests.All(attempt.IsTested) && AcceptanceRule.Problem(task) is null
        && !state.FollowUps.Values.OfType<PatchFollowUp>().Any(f => f.Patch.PatchId == patch.PatchId);

    private static bool HoldsTurn(TaskState task) =>
        task.Standing is TaskStanding.Testing { IsCommitting: true } or TaskStanding.Testing { Round: > 0 };
}
