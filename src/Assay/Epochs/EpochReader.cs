using System.Text.RegularExpressions;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
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
        return new EpochView(summary, standing) { EndedBy = state.Finished?.Reason, Networks = EpochViews.Networks(state) };
    }

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
        var phase = EpochViews.Word(await ProgressAsync(stream, living));
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

    private async ValueTask<EpochStanding> StandingAsync(StreamMachine machine, EpochState state, EpochSummary summary)
    {
        var living = await LivingEngines.LookAsync(workspace.Store);
        var progress = await ProgressAsync(machine.Stream, living);
        var resume = progress == EpochProgress.Interrupted ? await ResumeCommandAsync(state) : null;
        return EpochViews.Standing(state, summary, machine.Effects, living.Lost(machine), progress, resume);
    }

    /// <summary>
    /// The command that goes on with an epoch, from any folder; null for a command that was tried, which is tried again. Names in capitals
    /// are those that the ledger does not know.
    /// </summary>
    private async ValueTask<string?> ResumeCommandAsync(EpochState state)
    {
        var epoch = state.Declared;
        if (state.Crucibles is [{ Declared.Spec: EpochDeclared.TryOrigin }]) return null;
        var place = $" --workspace {ShellWord.Of(workspace.Root)}";
        if (epoch.LadderId is not null || await IsOfLadderAsync(epoch.EpochId)) return $"assay epoch escalate LADDER --resume{place}";
        var mode = epoch.Mode == EpochMode.Normal ? "" : $" --mode {WireName<EpochMode>.Of(epoch.Mode)}";
        var runner = string.Concat((epoch.CommandOverride ?? []).Select(word => $" --runner-cmd-override={ShellWord.Of(word)}"));
        return $"assay epoch run {(epoch.PlanFile is { } plan ? ShellWord.Of(plan) : "PLAN")} --resume{mode}{runner}{place}";
    }

    /// <summary>As its id says of what was recorded before an epoch named its ladder.</summary>
    private async ValueTask<bool> IsOfLadderAsync(string epochId) => LadderEpoch().Match(epochId) is { Success: true } match
        && await workspace.Store.FindAsync(LadderLane.StreamOf(match.Groups["ladder"].Value)) is not null;

    [GeneratedRegex(@"^(?<ladder>.+)\.R[0-9]+\.A[0-9]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LadderEpoch();
}
