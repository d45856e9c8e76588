using System.Globalization;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;
using Assay.Observe;

namespace Assay.Epochs;

/// <summary>The ids of a plan's or a ladder's runs: its own, then <c>_RUN2</c>, <c>_RUN3</c> … A taken id is never touched again.</summary>
internal sealed class RunNames
{
    private readonly Workspace _workspace;
    private readonly ILane _lane;
    private readonly string _own;
    private readonly Func<string, string> _folder;
    private readonly Func<object, bool> _isOpen;

    private RunNames(Workspace workspace, ILane lane, string own, Func<string, string> folder, Func<object, bool> isOpen) =>
        (_workspace, _lane, _own, _folder, _isOpen) = (workspace, lane, own, folder, isOpen);

    public static RunNames Of(Workspace workspace, EpochDeclared epoch) => new(
        workspace, EpochLane.Instance, epoch.EpochId,
        id => EpochText.Folder(workspace, epoch with { EpochId = id }), s => ((EpochState)s).IsOpen);

    /// <param name="workspace">The workspace.</param>
    /// <param name="ladder">The ladder.</param>
    /// <param name="first">The plan of its first rung.</param>
    public static RunNames Of(Workspace workspace, LadderDeclared ladder, EpochDeclared first) => new(
        workspace, LadderLane.Instance, ladder.LadderId,
        id => EpochText.Folder(workspace, first with { EpochId = LadderLane.EpochId(id, 1, 1) }), s => ((LadderState)s).IsOpen);

    /// <summary>Whether an id has a stream, or a folder that may hold somebody's evidence.</summary>
    public async ValueTask<bool> IsTakenAsync(string id) => await HasStreamAsync(id) || Path.Exists(_folder(id));

    /// <summary>The first id that nothing has.</summary>
    public async ValueTask<string> FreeAsync()
    {
        var number = 1;
        while (await IsTakenAsync(Numbered(number))) number++;
        return Numbered(number);
    }

    /// <summary>The latest run that has not ended, or was cancelled; else the latest; null when there is none.</summary>
    public async ValueTask<string?> ToResumeAsync()
    {
        string? latest = null;
        string? open = null;
        for (var number = 1; number == 1 || await IsTakenAsync(Numbered(number)); number++)
        {
            var id = Numbered(number);
            if (!await HasStreamAsync(id)) continue;
            latest = id;
            if (_isOpen((await StreamLoad.OfAsync(_workspace.Store, _lane, StreamName.Of(_lane.Name, id))).State)) open = id;
        }

        return open ?? latest;
    }

    private async ValueTask<bool> HasStreamAsync(string id) => await _workspace.Store.FindAsync(StreamName.Of(_lane.Name, id)) is not null;

    private string Numbered(int number) => number == 1 ? _own : string.Create(CultureInfo.InvariantCulture, $"{_own}_RUN{number}");
}
