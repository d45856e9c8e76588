using System.Globalization;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>
/// The table <c>trials</c>: what the trial log has a line for, as lists and pages read it. A manifest's digest is not in it: in lines of
/// earlier builds that is one over hold-outs too.
/// </summary>
internal static class RegistryTables
{
    public static readonly LaneTable Trials = new(
        "trials", "trial", "verdict", "title", "job_id", "run_id", "card_id", "card_sha256", "snapshot_id", "policy_bundle_id",
        "policy_bundle_sha256", LaneColumn.Integer("gates_passed"), LaneColumn.Integer("gates_failed"), "gate_results_sha256",
        LaneColumn.Time("recorded_at"))
    {
        Indexes = [["recorded_at"], ["verdict", "recorded_at"], ["card_id", "recorded_at"]],
    };

    public static LaneRow Row(TrialLogged logged, DateTimeOffset at)
    {
        var trial = logged.Request;
        return new LaneRow(
            Trials, logged.Trial.ToString(CultureInfo.InvariantCulture), trial.Passed ? TrialSummary.Pass : TrialSummary.Fail, trial.Title,
            trial.JobId, trial.RunId, trial.CardId, trial.CardId is null ? null : trial.CardSha256.ToString(), trial.SnapshotId,
            trial.PolicyBundleId, trial.PolicyBundleSha256?.ToString(), (long)trial.GatesPassed, (long)trial.GatesFailed,
            trial.GateResultsSha256.ToString(), RecordedTime.Text(at));
    }
}
