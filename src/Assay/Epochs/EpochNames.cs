using System.Globalization;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Lanes.Epochs;

namespace Assay.Epochs;

/// <summary>The ids that a plan's epochs have: its own, then <c>_RUN2</c>, <c>_RUN3</c> … A taken id is never touched again.</summary>
internal sealed class EpochNames(Workspace workspace, EpochDeclared epoch)
{
    /// <summary>Whether an id has a stream, or a folder that may hold somebody's evidence.</summary>
    public async ValueTask<bool> IsTakenAsync(string id) =>
        await workspace.Store.FindAsync(EpochLane.StreamOf(id)) is not null
        || Path.Exists(Path.Combine(workspace.Folder(epoch.ArtifactsRoot), EpochPaths.Folder(id)));

    public async ValueTask<string> NextFreeAsync()
    {
        for (var number = 2; ; number++)
        {
            var id = Numbered(number);
            if (!await IsTakenAsync(id)) return id;
        }
    }

    /// <summary>The latest epoch of this plan that has no final verdict; else its latest; null when it has none.</summary>
    public async ValueTask<string?> ToResumeAsync()
    {
        string? latest = null;
        string? open = null;
        for (var number = 1; number == 1 || await IsTakenAsync(Numbered(number)); number++)
        {
            var stream = EpochLane.StreamOf(Numbered(number));
            if (await workspace.Store.FindAsync(stream) is null) continue;
            latest = stream.Id;
            var state = (EpochState)(await StreamLoad.OfAsync(workspace.Store, EpochLane.Instance, stream)).State;
            if (state.Finished is null || state.Finished.Reason == EndReason.Cancelled) open = stream.Id;
        }

        return open ?? latest;
    }

    private string Numbered(int number) => number == 1 ? epoch.EpochId : string.Create(CultureInfo.InvariantCulture, $"{epoch.EpochId}_RUN{number}");
}
