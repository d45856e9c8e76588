using Assay.Epochs;
using Assay.Host;
using Assay.Jobs;
using Assay.Kernel.Lanes;
using Assay.Tasks;

namespace Assay;

/// <summary>The lanes of this build.</summary>
public static class KnownLanes
{
    /// <summary>One line for each.</summary>
    internal static IReadOnlyList<LaneModule> Modules { get; } =
    [
        EpochModule.Module,
        JobModule.Module,
        TaskModule.Module,
    ];

    /// <summary>The names that <c>--lanes</c> takes.</summary>
    public static IEnumerable<string> Names => Modules.Select(m => m.Name);

    /// <summary>All kinds of streams.</summary>
    public static LaneSet All { get; } = new([.. Modules.SelectMany(m => m.Lanes)]);
}
