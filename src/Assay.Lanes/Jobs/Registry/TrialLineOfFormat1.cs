using System.Text.Json.Nodes;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// The same as <see cref="TrialLine"/> for events of format 1, which did not record their lines. Nothing here changes; see <see
/// cref="JobLogOfFormat1"/>.
/// </summary>
internal static class TrialLineOfFormat1
{
    /// <summary>The line with its break.</summary>
    public static byte[] Of(TrialLogged logged, DateTimeOffset at)
    {
        var trial = logged.Request;
        var line = new JsonObject
        {
            ["schema_version"] = "trial_v1",
            ["trial"] = logged.Trial,
            ["recorded_at"] = RecordedTime.Text(at),
            ["job_id"] = trial.JobId,
            ["run_id"] = trial.RunId,
            ["title"] = trial.Title,
            ["snapshot_id"] = trial.SnapshotId,
            ["policy_bundle_id"] = trial.PolicyBundleId,
            ["verdict"] = trial.Passed ? "PASS" : "FAIL",
            ["gates_passed"] = trial.GatesPassed,
            ["gates_failed"] = trial.GatesFailed,
            ["gate_results_sha256"] = trial.GateResultsSha256.ToString(),
            ["manifest_sha256"] = trial.ManifestSha256.ToString(),
        };
        if (trial.CardId is { } card) line["card_id"] = card;
        return JsonLine.Of(line);
    }
}
