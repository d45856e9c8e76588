using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay;

/// <summary>The lanes of this build, by name.</summary>
public static class KnownLanes
{
    public static IReadOnlyDictionary<string, ILane> All { get; } = new ILane[]
    {
        EpochLane.Instance, LadderLane.Instance, JobLane.Instance, RunLane.Instance, RegistryLane.Instance,
        TaskLane.Instance, AdapterLane.Instance, ProjectLane.Instance,
    }.ToDictionary(lane => lane.Name, StringComparer.Ordinal);
}
