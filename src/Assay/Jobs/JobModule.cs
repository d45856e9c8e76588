using Assay.Engine.Streams;
using Assay.Host;
using Assay.Lanes.Jobs;

namespace Assay.Jobs;

/// <summary>Jobs, as the host sees them.</summary>
internal static class JobModule
{
    public const string Name = "jobs";

    public static LaneModule Module { get; } = new(Name, JobLane.Instance, DossierLane.Instance, RegistryLane.Instance)
    {
        Serve = static setting =>
        [
            new ServedLane(JobLane.Instance, (job, cancel, drain) =>
                setting.Engine.RunAsync(JobLane.Instance, job, concurrency: 1, cancel, drain)),
        ],
        Line = static (stream, state) => state is JobState job
            ? new WorkerLine(Name, stream.Id, JobTables.StateWord(job), job.Step, JobTables.Message(job))
            : null,
    };
}
