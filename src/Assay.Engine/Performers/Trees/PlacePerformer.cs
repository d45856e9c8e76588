using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="PlaceCopy"/>. What an attempt that was lost has left goes first.</summary>
internal sealed class PlacePerformer(Workspace workspace) : TreePerformer<PlaceCopy>
{
    protected override ValueTask<EffectOutcome> DoAsync(PlaceCopy effect, CancellationToken cancel)
    {
        var path = Path.Combine(workspace.Root, effect.Folder);
        using var folder = FolderHandle.Open(path);
        FolderRemoval.Remove(folder, effect.Name, WalkBounds.OfTree, cancel);
        if (GitRepository.Is(effect.Origin)) GitRepository.Clone(effect.Origin, Path.Combine(path, effect.Name));
        using var tested = folder.FindFolder(TreeNames.Base) ?? throw new IOException("the copy with the change is not there any more");
        using var copy = folder.MakeFolder(effect.Name);
        TreeFiles.Copy(tested, copy, [], cancel);
        var settled = TreeFiles.Settled();
        var snapshot = SnapshotFile.Load(folder, TreeNames.Tested);
        SnapshotFile.Save(folder, effect.Name, snapshot.StampedAt(copy).SettledBy(settled));
        var outcome = new CopyOutcome($"{effect.Folder}/{effect.Name}", snapshot.Sha256(), snapshot.Entries.Count, null);
        return ValueTask.FromResult<EffectOutcome>(outcome);
    }
}
