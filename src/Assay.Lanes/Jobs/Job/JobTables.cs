using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>The table <c>jobs</c>, which lists and pages read.</summary>
internal static class JobTables
{
    private const string BlueprintSubmitted = "BLUEPRINT_SUBMITTED";
    private const string IdeaSubmitted = "IDEA_SUBMITTED";

    public static readonly LaneTable Jobs = new(
        "jobs", "job_id", "kind", "title", "state", "step", "verdict", "run_id", "card_id", "root_job_id", "parent_job_id", LaneColumn.Integer("generation"), "snapshot_id", "policy_bundle_id",
        LaneColumn.Money("cost_micro_usd"), LaneColumn.Integer("wall_clock_ms"), "submitted_by", LaneColumn.Time("submitted_at"), LaneColumn.Time("updated_at"), "message")
    {
        Indexes =
        [
            ["submitted_at"], ["updated_at"], ["state", "submitted_at"], ["verdict", "submitted_at"], ["root_job_id", "submitted_at"],
            ["run_id", "submitted_at"],
        ],
    };

    /// <summary>The state of a job that is under way.</summary>
    public static string Running { get; } = WireName<JobPhase>.Of(JobPhase.Active);

    /// <summary>All words that <see cref="StateWord"/> gives for a job.</summary>
    public static IReadOnlyList<string> StateWords { get; } = [BlueprintSubmitted, IdeaSubmitted, .. WireName<JobPhase>.All.Skip(1)];

    /// <summary>
    /// The state of a job as lists name it: that of the last event for one that has ended, else what it waits for or does.
    /// </summary>
    public static string StateWord(JobState state) => state is { Phase: JobPhase.Active, Stages.Length: 0 }
        ? state.Job.Kind == JobKind.Blueprint ? BlueprintSubmitted : IdeaSubmitted
        : WireName<JobPhase>.Of(state.Phase);

    public static string? Verdict(JobState state) => state.Gates is { } gates ? gates.Passed ? "PASS" : "FAIL" : null;

    public static IReadOnlyList<LaneRow> Rows(JobState state, RecordedEvent recorded)
    {
        if (recorded.Body is Assay.Kernel.Effects.EffectInterrupted) return [];
        var job = state.Job;
        return
        [
            new LaneRow(
                Jobs, job.JobId, WireName<JobKind>.Of(job.Kind), job.Title, StateWord(state), state.Step, Verdict(state), state.Run?.RunId, state.Registered?.CardId,
                job.Lineage.RootJobId ?? job.JobId, job.Lineage.ParentJobId, (long)job.Lineage.Generation, job.SnapshotId, job.Bundle.Id,
                state.Counters.Cost.Micros, state.Counters.WallClockMs, state.Submitted!.By.Name, RecordedTime.Text(state.SubmittedAt), RecordedTime.Text(recorded.At), Message(state)),
        ];
    }

    /// <summary>Why a job has ended, where there is something to say.</summary>
    public static string? Message(JobState state) => state.Phase switch
    {
        JobPhase.Error => state.Failure!.Message,
        JobPhase.StoppedBudget => state.Stopped!.Text,
        JobPhase.Rejected => state.Rejections[^1].Reason,
        _ => null,
    };
}

/// <summary>The table <c>runs</c>.</summary>
internal static class DossierTables
{
    public static readonly LaneTable Runs = new("runs", "run_id", "status", "snapshot_id", "job_id", LaneColumn.Time("declared_at"), LaneColumn.Time("ended_at"), "message");

    public static IReadOnlyList<LaneRow> Rows(DossierState state, RecordedEvent recorded) => recorded.Body is not DossierEvent
        ? []
        : [
            new LaneRow(
                Runs, state.Declared.RunId, state.Status, state.Declared.SnapshotId,
                state.Declared.JobId, RecordedTime.Text(state.StartedAt), state.Phase is DossierPhase.Completed or DossierPhase.Failed ? RecordedTime.Text(recorded.At) : null, state.Failure?.Message),
        ];
}
