using System.Collections.Immutable;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Files;

/// <summary>Performs <see cref="RemoveFolders"/>. What is gone already is no problem, and what cannot be removed is listed.</summary>
internal sealed class RemovePerformer(Workspace workspace) : IEffectPerformer
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) =>
        Task.Run(() => Perform((RemoveFolders)attempt.Effect, cancel), CancellationToken.None);

    private EffectResult Perform(RemoveFolders effect, CancellationToken cancel)
    {
        var left = effect.Folders.Select(folder => Remove(folder, cancel)).OfType<CollectedFile>().ToImmutableArray();
        return new EffectResult(new FilesOutcome(left, left.Length == 0), ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    private CollectedFile? Remove(string folder, CancellationToken cancel)
    {
        try
        {
            using var top = FolderHandle.Open(workspace.Root);
            FolderRemoval.Remove(top, folder, WalkBounds.OfTree, cancel);
            return null;
        }
        catch (OperationCanceledException)
        {
            return new CollectedFile(folder, 0, null, "it was cancelled");
        }
        catch (IOException e)
        {
            return new CollectedFile(folder, 0, null, e.Message);
        }
    }
}
