using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Epochs;

/// <summary>The tables <c>epochs</c> and <c>crucible_runs</c>, for plain SQL.</summary>
internal static class EpochTables
{
    public static readonly LaneTable Epochs = new(
        "epochs", "epoch_id", "profile", "mode", "phase", "verdict", "reason", LaneColumn.Integer("total"), LaneColumn.Integer("passed"), LaneColumn.Integer("failed"), "declared_at", "finished_at");

    public static readonly LaneTable Runs = new(
        "crucible_runs", "run", "epoch_id", "crucible_id", "run_id", "outcome", "notes", LaneColumn.Integer("duration_ms"), LaneColumn.Integer("peak_rss_bytes"), "kill_reason");

    public static IReadOnlyList<LaneTable> All { get; } = [Epochs, Runs];

    public static IReadOnlyList<LaneRow> Rows(EpochState state, RecordedEvent recorded) => recorded.Body switch
    {
        EpochDeclared or EpochResumed or EpochCancelRequested or EpochFinished => [Epoch(state, recorded.At)],
        CrucibleFinished finished => [Run(state, finished)],
        _ => [],
    };

    private static LaneRow Epoch(EpochState state, DateTimeOffset at)
    {
        var epoch = state.Declared;
        return new LaneRow(
            Epochs, epoch.EpochId, WireName<EpochProfile>.Of(epoch.Profile), WireName<EpochMode>.Of(epoch.Mode), WireName<EpochPhase>.Of(state.Phase),
            state.Finished is { } finished ? WireName<EpochVerdict>.Of(finished.Verdict) : null, state.Finished?.Reason is { } reason ? WireName<EndReason>.Of(reason) : null, (long)epoch.CruciblesTotal, (long)state.Passed, (long)state.Failed,
            state.RunningSince.ToString("O"), state.Finished is null ? null : at.ToString("O"));
    }

    private static LaneRow Run(EpochState state, CrucibleFinished finished)
    {
        var crucible = state.Crucibles[state.IndexOf(finished.CrucibleId)];
        return new LaneRow(
            Runs, $"{state.Declared.EpochId}/{finished.CrucibleId}/{crucible.Records}", state.Declared.EpochId, finished.CrucibleId,
            crucible.Declared.RunId, WireName<CrucibleOutcome>.Of(finished.Outcome), string.Join("; ", finished.Notes), crucible.Run?.DurationMs ?? 0L,
            crucible.Run?.PeakRssBytes ?? 0L, crucible.Run?.KillReason is { } reason ? WireName<KillReason>.Of(reason) : null);
    }
}
