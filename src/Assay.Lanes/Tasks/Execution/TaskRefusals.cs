using Assay.Kernel.Lanes;

namespace Assay.Lanes.Tasks;

/// <summary>What runs of tasks, adapters and the patch ledger refuse.</summary>
internal static class TaskRefusals
{
    /// <summary>There is no such run.</summary>
    public static readonly RefusalKind NoRun = new("no_run", RefusalClass.NotFound);

    /// <summary>The run was declared with something else.</summary>
    public static readonly RefusalKind RunChanged = new("run_changed", RefusalClass.Conflict);

    /// <summary>Another workspace works on the project.</summary>
    public static readonly RefusalKind ProjectClaimed = new("project_claimed", RefusalClass.Conflict);

    /// <summary>The run has no such task.</summary>
    public static readonly RefusalKind NoTask = new("no_task", RefusalClass.NotFound);

    /// <summary>The change of the task comes into the tree now.</summary>
    public static readonly RefusalKind Committing = new("committing", RefusalClass.Conflict);

    /// <summary>Only a task that has ended can be tried again.</summary>
    public static readonly RefusalKind NotEnded = new("not_ended", RefusalClass.Conflict);

    /// <summary>The task completed.</summary>
    public static readonly RefusalKind Completed = new("completed", RefusalClass.Conflict);

    /// <summary>No run has named such an adapter.</summary>
    public static readonly RefusalKind UnknownAdapter = new("unknown_adapter", RefusalClass.NotFound);

    /// <summary>The adapter says nothing of how its health is checked.</summary>
    public static readonly RefusalKind NoHealthCheck = new("no_health_check", RefusalClass.Conflict);

    /// <summary>The adapter was checked, and is not well.</summary>
    public static readonly RefusalKind Unhealthy = new("unhealthy", RefusalClass.Failed);

    /// <summary>There is no such patch.</summary>
    public static readonly RefusalKind NoPatch = new("no_patch", RefusalClass.NotFound);

    /// <summary>Another task is at work on the very same change.</summary>
    public static readonly RefusalKind PatchBusy = new("patch_busy", RefusalClass.Busy);

    /// <summary>From where the patch stands there is no way there.</summary>
    public static readonly RefusalKind PatchState = new("patch_state", RefusalClass.Conflict);

    /// <summary>The tree is not what the patch was made on, and stays as it is.</summary>
    public static readonly RefusalKind TreeMoved = new("tree_moved", RefusalClass.Failed);

    /// <summary>What would come into the tree was never tested there.</summary>
    public static readonly RefusalKind Untested = new("untested", RefusalClass.Conflict);

    public static IReadOnlyList<RefusalKind> All { get; } =
    [
        NoRun, RunChanged, ProjectClaimed, NoTask, Committing, NotEnded, Completed, UnknownAdapter, NoHealthCheck, Unhealthy, NoPatch, PatchBusy,
        PatchState, TreeMoved, Untested,
    ];
}
