namespace Assay.Lanes.Epochs;

/// <summary>The verdict of an epoch (lane document: Epochs, Summary and verdict; ruling 11). Never better than its evidence.</summary>
public static class VerdictRule
{
    public static EpochVerdict Of(EpochState state, string? endedBy)
    {
        if (endedBy == EndReason.Cancelled || state.Crucibles.Any(c => c.Result?.EvidenceMissing == true)) return EpochVerdict.FailClosed;
        var bad = state.Declared.Profile == EpochProfile.CoverageSeed ? EpochVerdict.NotOperational : EpochVerdict.Fail;
        if (state.Declared.Mode == EpochMode.Salvage || !MilestonesPassed(state)) return bad;
        return state.Declared.Profile switch
        {
            EpochProfile.Coverage or EpochProfile.CoverageMilestone => state.Passed == state.Crucibles.Length ? EpochVerdict.Pass : bad,
            EpochProfile.CoverageSeed => state.Passed > 0 ? EpochVerdict.Operational : bad,
            EpochProfile.Governance or EpochProfile.Paradox => state.Done == state.Crucibles.Length ? EpochVerdict.Complete : bad,
            var profile => throw new InvalidOperationException($"unknown profile {profile}"),
        };
    }

    /// <summary>The exit code of the command line for an ended epoch.</summary>
    public static int ExitCode(EpochVerdict verdict, string? reason) => reason switch
    {
        EndReason.Cancelled => 130,
        EndReason.EpochTimeout => 4,
        _ => verdict switch
        {
            EpochVerdict.Pass or EpochVerdict.Operational or EpochVerdict.Complete => 0,
            EpochVerdict.Fail or EpochVerdict.NotOperational => 1,
            EpochVerdict.FailClosed => 3,
            _ => throw new InvalidOperationException($"unknown verdict {verdict}"),
        },
    };

    private static bool MilestonesPassed(EpochState state) => state.Declared.RequiredMilestones.All(
        id => state.Crucibles.Any(c => c.Declared.CrucibleId == id && c.Result?.Outcome == CrucibleOutcome.Pass));
}

/// <summary>Why an epoch ended before its last crucible.</summary>
public static class EndReason
{
    public const string Cancelled = "cancelled";
    public const string EpochTimeout = "epoch_timeout";
    public const string MaxFailures = "max_failures";
    public const string EvidenceMissing = "evidence_missing";
}
