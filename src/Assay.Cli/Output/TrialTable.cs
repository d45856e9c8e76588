using System.Text.Json;
using Assay.Host;
using Assay.Lanes.Jobs;

namespace Assay.Cli.Output;

/// <summary>Trials as a person reads them on a terminal.</summary>
internal static class TrialTable
{
    /// <summary>A page of trials.</summary>
    public static Listing List(IReadOnlyList<TrialSummary> trials)
    {
        var listing = new Listing(
            "trials", "assay worker --run-jobs logs one when the gates of a job's run have been evaluated",
            "TRIAL", "GATES", "CARD", "JOB", "RUN", "RECORDED", "TITLE");
        foreach (var trial in trials)
        {
            listing.Add(
                JsonSerializer.SerializeToNode(trial, JobViewJson.Shared.TrialSummary)!,
                trial.Place.Key, trial.Verdict, trial.CardId, trial.JobId, trial.RunId, Shown.Time(trial.RecordedAt), trial.Title);
        }

        return listing;
    }

    public static void Print(TrialView view)
    {
        var trial = view.Trial;
        Console.Out.WriteLine($"trial {trial.Place.Key}  {Words.Safe(trial.Title)}");
        var gates = $"{trial.GatesPassed} gates passed, {trial.GatesFailed} failed";
        Console.Out.WriteLine($"{trial.Verdict}: {gates} · recorded {Shown.Time(trial.RecordedAt)}");
        Console.Out.WriteLine($"job {trial.JobId} · run {trial.RunId} · snapshot {trial.SnapshotId} · policies {trial.PolicyBundleId}");
        if (view.Card is not { } card) return;
        Console.Out.WriteLine($"\ncard {trial.CardId}");
        Console.Out.WriteLine(Words.SafeLines(JsonSerializer.Serialize(card, JobViewJson.Shared.JsonElement)));
    }
}
