using Assay.Kernel.Lanes;

namespace Assay.Lanes.Epochs;

/// <summary>What epochs and ladders refuse.</summary>
internal static class EpochRefusals
{
    /// <summary>The id is taken.</summary>
    public static readonly RefusalKind EpochExists = new("epoch_exists", RefusalClass.Conflict);

    /// <summary>There is no such epoch.</summary>
    public static readonly RefusalKind NoEpoch = new("no_epoch", RefusalClass.NotFound);

    /// <summary>The epoch to go on with was declared with something else.</summary>
    public static readonly RefusalKind PlanChanged = new("plan_changed", RefusalClass.Conflict);

    /// <summary>The id is taken.</summary>
    public static readonly RefusalKind LadderExists = new("ladder_exists", RefusalClass.Conflict);

    /// <summary>There is no such ladder.</summary>
    public static readonly RefusalKind NoLadder = new("no_ladder", RefusalClass.NotFound);

    /// <summary>The ladder to go on with was started with something else.</summary>
    public static readonly RefusalKind LadderChanged = new("ladder_changed", RefusalClass.Conflict);

    public static IReadOnlyList<RefusalKind> All { get; } = [EpochExists, NoEpoch, PlanChanged, LadderExists, NoLadder, LadderChanged];
}
