using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="CheckCopy"/>. Made again, it goes on with what is left to put back.</summary>
internal sealed class CheckPerformer(Workspace workspace) : TreePerformer<CheckCopy>
{
    /// <summary>Files that an outcome names, so that it fits an event.</summary>
    private const int MaxListed = 100;

    protected override ValueTask<EffectOutcome> DoAsync(CheckCopy effect, CancellationToken cancel)
    {
        using var folder = FolderHandle.Open(Path.Combine(workspace.Root, effect.Folder));
        using var copy = folder.FindFolder(effect.Name) ?? throw new IOException("the copy in which the test ran is not there any more");
        var isShared = effect.Name == TreeNames.Base;
        var expected = TreeSnapshot.Load(folder, isShared ? TreeNames.Tested : effect.Name);
        var found = CopyChanges.Find(copy, expected, cancel);
        var isRepository = GitRepository.Is(effect.Origin);
        IReadOnlyList<string> told = found.Files;
        if (isRepository && told.Count > 0)
        {
            var ignored = GitRepository.Ignored(effect.Origin, told);
            told = [.. told.Where(p => !ignored.Contains(p))];
        }

        if (isShared)
        {
            var origin = Directory.Exists(effect.Origin) ? FolderHandle.OpenNamed(effect.Origin) : null;
            found.PutBack(copy, [folder.FindFolder(TreeNames.Work), origin]);
            if (!RepositoryMark.IsSame(folder, copy)) RenewRepository(folder, copy, isRepository ? effect.Origin : null);
            var changed = found.Files.ToHashSet(StringComparer.Ordinal);
            if (changed.Count > 0) expected.With(copy, changed).ToBeRead(changed).Save(folder, TreeNames.Tested);
        }

        return ValueTask.FromResult<EffectOutcome>(new CheckOutcome([.. told.Take(MaxListed)], told.Count, null));
    }

    /// <summary>What a test did to the repository could name programs for the next one's git.</summary>
    private static void RenewRepository(FolderHandle folder, FolderHandle copy, string? origin)
    {
        const string fresh = "fresh";
        FolderRemoval.Remove(copy, TreeSnapshot.Repository, WalkBounds.OfTree);
        if (origin is not null)
        {
            FolderRemoval.Remove(folder, fresh, WalkBounds.OfTree);
            GitRepository.Clone(origin, Path.Combine(folder.Name, fresh));
            folder.TryMove($"{fresh}/{TreeSnapshot.Repository}", $"{TreeNames.Base}/{TreeSnapshot.Repository}");
        }

        RepositoryMark.Save(folder, copy);
    }
}
