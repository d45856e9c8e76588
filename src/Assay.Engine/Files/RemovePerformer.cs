using System.Collections.Immutable;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;

namespace Assay.Engine.Files;

/// <summary>Performs <see cref="RemoveFolders"/>. What is gone already is no problem, and what cannot be removed is listed.</summary>
internal sealed class RemovePerformer(Workspace workspace) : IEffectPerformer
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) => Task.Run(() => Perform((RemoveFolders)attempt.Effect), CancellationToken.None);

    private EffectResult Perform(RemoveFolders effect)
    {
        var left = effect.Folders.Select(Remove).OfType<CollectedFile>().ToImmutableArray();
        return new EffectResult(new FilesOutcome(left, left.Length == 0), ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    private CollectedFile? Remove(string folder)
    {
        try
        {
            var path = RootedPath.Resolve(workspace.Root, folder);
            if (Directory.Exists(path) && !RootedPath.IsLink(path)) Directory.Delete(path, recursive: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CollectedFile(folder, 0, null, e.Message);
        }
    }
}
