using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;

namespace Assay;

/// <summary>The lanes of this build, by name.</summary>
public static class KnownLanes
{
    public static IReadOnlyDictionary<string, ILane> All { get; } = new ILane[] { EpochLane.Instance, LadderLane.Instance }
        .ToDictionary(lane => lane.Name, StringComparer.Ordinal);
}
