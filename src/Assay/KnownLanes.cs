using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay;

/// <summary>The lanes of this build.</summary>
public static class KnownLanes
{
    public static LaneSet All { get; } = new(
        EpochLane.Instance, LadderLane.Instance, JobLane.Instance, RunLane.Instance, RegistryLane.Instance,
        TaskLane.Instance, AdapterLane.Instance, ProjectLane.Instance);
}
