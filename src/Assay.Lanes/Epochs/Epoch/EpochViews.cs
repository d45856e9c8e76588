using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;

namespace Assay.Lanes.Epochs;

/// <summary>Makes of an epoch's state what people see.</summary>
internal static class EpochViews
{
    /// <summary>An epoch that has no verdict.</summary>
    /// <param name="state">The epoch.</param>
    /// <param name="summary">As it would be written now.</param>
    /// <param name="active">Its effects that are under way.</param>
    /// <param name="lost">Those among them whose engine is gone.</param>
    /// <param name="progress">Whether somebody works on it.</param>
    /// <param name="resume">The command that goes on with it; null: none does.</param>
    public static EpochStanding Standing(
        EpochState state, EpochSummary summary, ActiveEffects active, IReadOnlySet<string> lost, EpochProgress progress, string? resume)
    {
        var runs = Runs(state, summary, active, lost).ToImmutableArray();
        var underWay = runs.Count(r => r.Outcome is StandingRun.Running or StandingRun.Interrupted);
        return new EpochStanding
        {
            EpochId = summary.EpochId,
            EpochProfile = summary.EpochProfile,
            State = progress,
            Resume = resume,
            EpochVerdict = summary.EpochVerdict,
            Reason = Word(progress),
            EpochHash = summary.EpochHash,
            Mode = summary.Mode,
            CountsForGates = summary.CountsForGates,
            KernelIdentity = summary.KernelIdentity,
            CruciblesTotal = summary.CruciblesTotal,
            CruciblesPassed = summary.CruciblesPassed,
            CruciblesFailed = summary.CruciblesFailed,
            CruciblesFailedClosed = summary.CruciblesFailedClosed,
            CruciblesNotRun = summary.CruciblesNotRun - underWay,
            CruciblesRunning = runs.Count(r => r.Outcome == StandingRun.Running),
            CruciblesInterrupted = runs.Count(r => r.Outcome == StandingRun.Interrupted),
            Runs = runs,
        };
    }

    /// <summary>What the crucibles' last runs tried to reach.</summary>
    public static ImmutableArray<CrucibleNetwork> Networks(EpochState state) =>
    [
        .. from crucible in state.Crucibles
           let run = crucible.Replay ?? crucible.Run
           let egress = run?.Egress
           where egress is { Attempts.IsEmpty: false }
           select new CrucibleNetwork(crucible.Declared.CrucibleId, run.KillReason == KillReason.NetworkLimit, egress),
    ];

    /// <summary>As lists name it.</summary>
    public static string Word(EpochProgress progress) => WireName<EpochProgress>.Of(progress).ToLowerInvariant();

    private static IEnumerable<StandingRun> Runs(EpochState state, EpochSummary summary, ActiveEffects active, IReadOnlySet<string> lost)
    {
        var underWay = active.Ids.ToLookup(EpochEffects.CrucibleOf, StringComparer.Ordinal);
        foreach (var (run, crucible) in summary.Runs.Zip(state.Crucibles))
        {
            var effect = run.Outcome == CrucibleOutcome.NotRun ? underWay[crucible.Declared.CrucibleId].FirstOrDefault() : null;
            var outcome = effect is null ? WireName<CrucibleOutcome>.Of(run.Outcome)
                : lost.Contains(effect) ? StandingRun.Interrupted : StandingRun.Running;
            yield return new StandingRun(run.CrucibleId, run.RunId, outcome, run.Notes, run.DurationMs, run.Record);
        }
    }
}
