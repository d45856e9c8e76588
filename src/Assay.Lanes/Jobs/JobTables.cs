using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>The table <c>jobs</c>, which lists and pages read.</summary>
public static class JobTables
{
    public static readonly LaneTable Jobs = new(
        "jobs", "job_id", "kind", "title", "state", "step", "verdict", "run_id", "card_id", "root_job_id", "parent_job_id", "generation", "snapshot_id", "policy_bundle_id",
        "cost_micro_usd", "wall_clock_ms", "submitted_by", "submitted_at", "updated_at", "message")
    {
        Indexes = [["submitted_at"], ["state", "submitted_at"], ["root_job_id", "submitted_at"], ["run_id", "submitted_at"]],
    };

    /// <summary>The state of a job that is under way.</summary>
    public const string Running = "RUNNING";

    /// <summary>The state of a job as lists name it: that of the last event for one that has ended, else what it waits for or does.</summary>
    public static string StateWord(JobState state) => state.Phase switch
    {
        JobPhase.None => "NONE",
        JobPhase.Active when state.Stages.Length == 0 => state.Job.Kind == JobKind.Blueprint ? "BLUEPRINT_SUBMITTED" : "IDEA_SUBMITTED",
        JobPhase.Active => Running,
        JobPhase.Waiting => "WAITING_APPROVAL",
        JobPhase.Cancelling => "CANCELLING",
        JobPhase.Done => "DONE",
        JobPhase.Rejected => "REJECTED",
        JobPhase.StoppedBudget => "STOPPED_BUDGET",
        JobPhase.Cancelled => "CANCELLED",
        JobPhase.Error => "ERROR",
        _ => throw new InvalidOperationException($"unknown phase {state.Phase}"),
    };

    /// <summary>All words that <see cref="StateWord"/> gives for a job.</summary>
    public static IReadOnlyList<string> StateWords { get; } =
    [
        "BLUEPRINT_SUBMITTED", "IDEA_SUBMITTED", Running, "WAITING_APPROVAL", "CANCELLING", "DONE", "REJECTED", "STOPPED_BUDGET", "CANCELLED", "ERROR",
    ];

    public static string? Verdict(JobState state) => state.Gates is { } gates ? gates.Passed ? "PASS" : "FAIL" : null;

    public static IReadOnlyList<LaneRow> Rows(JobState state, RecordedEvent recorded)
    {
        if (recorded.Body is Assay.Kernel.Effects.EffectInterrupted) return [];
        var job = state.Job;
        return
        [
            new LaneRow(
                Jobs, job.JobId, job.Kind.ToString().ToLowerInvariant(), job.Title, StateWord(state), state.Step, Verdict(state), state.Run?.RunId, state.Registered?.CardId,
                job.Lineage.RootJobId ?? job.JobId, job.Lineage.ParentJobId, (long)job.Lineage.Generation, job.SnapshotId, job.Bundle.Id,
                state.Counters.CostMicroUsd, state.Counters.WallClockMs, state.Submitted!.By.Name, RecordedTime.Text(state.SubmittedAt), RecordedTime.Text(recorded.At), Message(state)),
        ];
    }

    private static string? Message(JobState state) => state.Phase switch
    {
        JobPhase.Error => state.Failure!.Message,
        JobPhase.StoppedBudget => $"{state.Stopped!.Reason} forbids {state.Stopped.Action}",
        JobPhase.Rejected => state.Rejections[^1].Reason,
        _ => null,
    };
}

/// <summary>The table <c>runs</c>.</summary>
public static class RunTables
{
    public static readonly LaneTable Runs = new("runs", "run_id", "status", "snapshot_id", "job_id", "declared_at", "ended_at", "message");

    /// <summary>How a run stands, as it is shown.</summary>
    public static string StatusWord(RunState state) => state.Failure is { } failure ? Word(failure.Status)
        : state.Phase == RunPhase.Completed ? Word(RunEnd.Completed)
        : "RUNNING";

    /// <summary>How a run ended, as it is recorded.</summary>
    public static string Word(RunEnd end) => end switch
    {
        RunEnd.Completed => "COMPLETED",
        RunEnd.Failed => "FAILED",
        RunEnd.StoppedBudget => "STOPPED_BUDGET",
        RunEnd.Cancelled => "CANCELLED",
        _ => throw new InvalidOperationException($"unknown end {end}"),
    };

    public static IReadOnlyList<LaneRow> Rows(RunState state, RecordedEvent recorded) => recorded.Body is not RunEvent
        ? []
        : [
            new LaneRow(
                Runs, state.Declared.RunId, StatusWord(state), state.Declared.SnapshotId,
                state.Declared.JobId, RecordedTime.Text(state.StartedAt), state.Phase is RunPhase.Completed or RunPhase.Failed ? RecordedTime.Text(recorded.At) : null, state.Failure?.Message),
        ];
}
