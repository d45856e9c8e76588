using System.Text.Json.Serialization;

namespace Assay.Lanes.Epochs;

/// <summary>The verdict of an epoch (lane document: Epochs, Summary and verdict; ruling 11). Never better than its evidence.</summary>
internal static class VerdictRule
{
    public static EpochVerdict Of(EpochState state, EndReason? endedBy)
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

    private static bool MilestonesPassed(EpochState state) => state.Declared.RequiredMilestones.All(
        id => state.Crucibles.Any(c => c.Declared.CrucibleId == id && c.Result?.Outcome == CrucibleOutcome.Pass));
}

/// <summary>Why an epoch ended before its last crucible, or could not be concluded.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndReason>))]
public enum EndReason
{
    /// <summary>Somebody ended it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>Its wall clock ran out.</summary>
    [JsonStringEnumMemberName("epoch_timeout")]
    EpochTimeout,

    /// <summary>More crucibles failed than may.</summary>
    [JsonStringEnumMemberName("max_failures")]
    MaxFailures,

    /// <summary>A crucible left no evidence that counts.</summary>
    [JsonStringEnumMemberName("evidence_missing")]
    EvidenceMissing,
}
