using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Performs <see cref="ReleaseCopies"/>. What is gone already is no problem, and copies that cannot be kept go with the rest.
/// </summary>
internal sealed class ReleasePerformer(Workspace workspace) : TreePerformer<ReleaseCopies>
{
    protected override ValueTask<EffectOutcome> DoAsync(ReleaseCopies effect, CancellationToken cancel)
    {
        using var top = FolderHandle.Open(workspace.Root);
        Keep(effect, top);
        FolderRemoval.Remove(top, effect.Folder, WalkBounds.OfTree, cancel);
        SnapshotMemory.Forget(Path.Combine(workspace.Root, effect.Folder));
        return ValueTask.FromResult<EffectOutcome>(new FilesOutcome(ImmutableArray<CollectedFile>.Empty, Complete: true));
    }

    private void Keep(ReleaseCopies effect, FolderHandle top)
    {
        try
        {
            var source = TreeSource.Of(workspace.Root, effect.From, effect.IsProject, effect.Exclude);
            var kept = new KeptCopies(top);
            foreach (var name in top.Names(effect.Folder)) kept.Take($"{effect.Folder}/{name}", source, effect.IsChecked);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A tree that is no repository any more, or gone: nothing will be copied of it.
        }
    }
}
