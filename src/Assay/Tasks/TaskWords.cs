using Assay.Kernel.Values;
using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>Runs of tasks in words.</summary>
internal static class TaskWords
{
    /// <summary>How many tasks are where: <c>3 COMPLETED, 1 FAILED</c>.</summary>
    public static string Counts(ExecutionState run) => string.Join(
        ", ", Enum.GetValues<TaskPhase>().Where(p => run.Count(p) > 0).Select(p => $"{run.Count(p)} {WireName<TaskPhase>.Of(p)}"));
}
