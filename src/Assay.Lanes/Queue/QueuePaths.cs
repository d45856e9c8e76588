namespace Assay.Lanes.Queue;

/// <summary>Where the files of a queue lie, below its folder.</summary>
internal static class QueuePaths
{
    public const string Queue = "queue.json";
    public const string Constraints = "safety_constraints.json";
}
