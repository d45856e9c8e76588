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
    public EpochView? Show(string epochId)
    {
        if (!StreamName.IsId(epochId) || workspace.Store.Find(EpochLane.StreamOf(epochId)) is not { } info) return null;
        var machine = StreamLoad.Of(workspace.Store, EpochLane.Instance, info.Stream);
        var state = (EpochState)machine.State;
        var summary = EpochFiles.Summary(state);
        var standing = state.Finished is null ? Standing(machine, state, summary) : null;
        return new EpochView(summary, standing) { EndedBy = state.Finished?.Reason, Networks = EpochViews.Networks(state) };
    }

    /// <summary>
    /// The rows of the table <c>epochs</c>, by the numbers in their names; the phase of one whose engine is gone is <c>interrupted</c>.
    /// </summary>
    public async Task<IReadOnlyList<LaneRow>> ListAsync()
    {
        await WorkspaceTables.ReadyAsync(workspace);
        var living = new LivingEngines(workspace.Store);
        var rows = workspace.Store.Rows(EpochTables.Epochs).OrderBy(r => NaturalOrder.Key(r.Key), StringComparer.Ordinal);
        return [.. rows.Select(row => row.Text("verdict") is null ? Unfinished(row, living) : row)];
    }

    /// <summary>A row that is written again only at the end, with what is so now.</summary>
    private LaneRow Unfinished(LaneRow row, LivingEngines living)
    {
        var stream = EpochLane.StreamOf(row.Key);
        var state = (EpochState)StreamLoad.Of(workspace.Store, EpochLane.Instance, stream).State;
        object? Now(string column) => column switch
        {
            "phase" => EpochViews.Word(Progress(stream, living)),
            "passed" => (long)state.Passed,
            "failed" => (long)state.Failed,
            _ => row[column],
        };
        return new LaneRow(row.Table, row.Key, [.. row.Table.Columns.Select(c => Now(c.Name))]);
    }

    private EpochProgress Progress(StreamName stream, LivingEngines living)
    {
        if (living.Own(stream)) return EpochProgress.Running;
        return workspace.Store.Find(stream)!.Fence == 0 ? EpochProgress.Submitted : EpochProgress.Interrupted;
    }

    private EpochStanding Standing(StreamMachine machine, EpochState state, EpochSummary summary)
    {
        var living = new LivingEngines(workspace.Store);
        var progress = Progress(machine.Stream, living);
        var resume = progress == EpochProgress.Interrupted ? ResumeCommand(state) : null;
        return EpochViews.Standing(state, summary, machine.Effects, living.Lost(machine), progress, resume);
    }

    /// <summary>
    /// The command that goes on with an epoch, from any folder; null for a command that was tried, which is tried again. Names in capitals
    /// are those that the ledger does not know.
    /// </summary>
    private string? ResumeCommand(EpochState state)
    {
        var epoch = state.Declared;
        if (state.Crucibles is [{ Declared.Spec: EpochDeclared.TryOrigin }]) return null;
        var place = $" --workspace {ShellWord.Of(workspace.Root)}";
        if (IsOfLadder(epoch.EpochId)) return $"assay epoch escalate LADDER{place}";
        var mode = epoch.Mode == EpochMode.Normal ? "" : $" --mode {WireName<EpochMode>.Of(epoch.Mode)}";
        return $"assay epoch run {(epoch.PlanFile is { } plan ? ShellWord.Of(plan) : "PLAN")} --resume{mode}{place}";
    }

    private bool IsOfLadder(string epochId) => LadderEpoch().Match(epochId) is { Success: true } match
        && workspace.Store.Find(StreamName.Of(LadderLane.LaneName, match.Groups["ladder"].Value)) is not null;

    [GeneratedRegex(@"^(?<ladder>.+)\.R[0-9]+\.A[0-9]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LadderEpoch();
}
