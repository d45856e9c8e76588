using System.Text.RegularExpressions;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>Reads the epochs of a workspace, for a command line and other programs.</summary>
/// <param name="workspace">The workspace.</param>
public sealed partial class EpochReader(Workspace workspace)
{
    /// <summary>An epoch as the ledger has it, or null when there is no such epoch.</summary>
    public async Task<EpochView?> ShowAsync(string epochId)
    {
        if (!StreamName.IsId(epochId) || await workspace.Store.FindAsync(EpochLane.StreamOf(epochId)) is not { } info) return null;
        var machine = await StreamLoad.OfAsync(workspace.Store, EpochLane.Instance, info.Stream);
        var state = (EpochState)machine.State;
        var summary = EpochFiles.Summary(state);
        var standing = state.Finished is null ? await StandingAsync(machine, state, summary) : null;
        return new EpochView(summary, standing) { EndedBy = state.Finished?.Reason, Networks = [.. Networks(state)] };
    }

    private static IEnumerable<CrucibleNetwork> Networks(EpochState state) =>
        from crucible in state.Crucibles
        let run = crucible.Replay ?? crucible.Run
        let egress = run?.Egress
        where egress is { Attempts.IsEmpty: false }
        select new CrucibleNetwork(crucible.Declared.CrucibleId, run.KillReason == KillReason.NetworkLimit, egress);

    /// <summary>
    /// The rows of the table <c>epochs</c>, by the numbers in their names; the phase of one whose engine is gone is <c>interrupted</c>.
    /// </summary>
    public async Task<IReadOnlyList<LaneRow>> ListAsync()
    {
        await WorkspaceTables.ReadyAsync(workspace);
        var living = await LivingEngines.LookAsync(workspace.Store);
        var epochs = new List<LaneRow>();
        var rows = await workspace.Store.RowsAsync(EpochTables.Epochs);
        foreach (var row in rows.OrderBy(r => NaturalOrder.Key(r.Key), StringComparer.Ordinal))
        {
            epochs.Add(row.Text("verdict") is null ? await UnfinishedAsync(row, living) : row);
        }

        return epochs;
    }

    /// <summary>A row that is written again only at the end, with what is so now.</summary>
    private async ValueTask<LaneRow> UnfinishedAsync(LaneRow row, LivingEngines living)
    {
        var stream = EpochLane.StreamOf(row.Key);
        var state = (EpochState)(await StreamLoad.OfAsync(workspace.Store, EpochLane.Instance, stream)).State;
        var phase = Word(await ProgressAsync(stream, living));
        object? Now(string column) => column switch
        {
            "phase" => phase,
            "passed" => (long)state.Passed,
            "failed" => (long)state.Failed,
            _ => row[column],
        };
        return new LaneRow(row.Table, row.Key, [.. row.Table.Columns.Select(c => Now(c.Name))]);
    }

    private async ValueTask<EpochProgress> ProgressAsync(StreamName stream, LivingEngines living)
    {
        if (await living.OwnAsync(stream)) return EpochProgress.Running;
        return (await workspace.Store.FindAsync(stream))!.Fence == 0 ? EpochProgress.Submitted : EpochProgress.Interrupted;
    }

    private static string Word(EpochProgress progress) => WireName<EpochProgress>.Of(progress).ToLowerInvariant();

    private async ValueTask<EpochStanding> StandingAsync(StreamMachine machine, EpochState state, EpochSummary summary)
    {
        var living = await LivingEngines.LookAsync(workspace.Store);
        var runs = Runs(state, summary, machine.Effects, living.Lost(machine)).ToList();
        var underWay = runs.Count(r => r.Outcome is StandingRun.Running or StandingRun.Interrupted);
        var progress = await ProgressAsync(machine.Stream, living);
        return new EpochStanding
        {
            EpochId = summary.EpochId,
            EpochProfile = summary.EpochProfile,
            State = progress,
            Resume = progress == EpochProgress.Interrupted ? await ResumeCommandAsync(state) : null,
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
            Runs = [.. runs],
        };
    }

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

    /// <summary>
    /// The command that goes on with an epoch, from any folder; null for a command that was tried, which is tried again. Names in capitals
    /// are those that the ledger does not know.
    /// </summary>
    private async ValueTask<string?> ResumeCommandAsync(EpochState state)
    {
        var epoch = state.Declared;
        if (state.Crucibles is [{ Declared.Spec: TryRunner.Origin }]) return null;
        var place = $" --workspace {Word(workspace.Root)}";
        if (await IsOfLadderAsync(epoch.EpochId)) return $"assay epoch escalate LADDER{place}";
        var mode = epoch.Mode == EpochMode.Normal ? "" : $" --mode {WireName<EpochMode>.Of(epoch.Mode)}";
        return $"assay epoch run {(epoch.PlanFile is { } plan ? Word(plan) : "PLAN")} --resume{mode}{place}";
    }

    private async ValueTask<bool> IsOfLadderAsync(string epochId) => LadderEpoch().Match(epochId) is { Success: true } match
        && await workspace.Store.FindAsync(StreamName.Of(LadderLane.LaneName, match.Groups["ladder"].Value)) is not null;

    /// <summary>A word as a shell takes it.</summary>
    private static string Word(string text) => Plain().IsMatch(text) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^(?<ladder>.+)\.R[0-9]+\.A[0-9]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LadderEpoch();

    [GeneratedRegex("^[A-Za-z0-9_./:@%+=,-]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();
}
