using Assay.Engine.Streams;
using Assay.Host;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>Tasks, as the host sees them.</summary>
internal static class TaskModule
{
    public const string Name = "tasks";

    public static LaneModule Module { get; } = new(Name, TaskLane.Instance, AdapterLane.Instance, ProjectLane.Instance)
    {
        Serve = static setting =>
        {
            var runs = new TaskRuns(setting.Engine);
            setting.Stay(runs);
            return
            [
                .. runs.Served(only: null),
                new ServedLane(ProjectLane.Instance, runs.ChangeAsync) { IsBeside = true },
            ];
        },
        Line = static (stream, state) => state is ExecutionState run ? Line(stream.Id, run) : null,
    };

    /// <summary>What a run of tasks records.</summary>
    public static LaneRecord Record { get; } = new(TaskLane.Instance, static e => e is TaskLaneEvent);

    private static WorkerLine Line(string runId, ExecutionState run)
    {
        var counts = TaskViewMaker.Counts(run);
        var message = run.PauseReason is { } reason ? $"{counts}; {reason}" : counts;
        return new WorkerLine(Name, runId, WireName<ExecutionPhase>.Of(run.Phase), Message: message);
    }
}
