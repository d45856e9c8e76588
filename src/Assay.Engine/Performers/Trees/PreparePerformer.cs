using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="PrepareCopy"/>. An attempt that was lost is taken back and made again.</summary>
internal sealed class PreparePerformer(Workspace workspace) : TreePerformer<PrepareCopy>
{
    protected override async ValueTask<EffectOutcome> DoAsync(PrepareCopy effect, CancellationToken cancel)
    {
        var path = Path.Combine(workspace.Root, effect.Folder);
        using var folder = FolderHandle.Open(path);
        using var copy = folder.FindFolder(TreeNames.Base) ?? throw new IOException("the untouched copy is not there any more");
        var settled = TreeFiles.Settled();
        var untouched = SnapshotFile.Load(folder, TreeNames.Base);
        if (effect.Tree is { } tree && untouched.Sha256() != tree) throw new IOException("it is not known any more what was copied");
        if (effect.Changes is not { } changes)
        {
            if (Touched(untouched, copy, new HashSet<string>(), cancel) is { } touched) throw new IOException(touched);
            return Ready(folder, copy, untouched.Found(copy, settled), new ApplyOutcome(Applied: true, null, []));
        }

        var bytes = await workspace.Store.ReadBlobAsync(changes)
            ?? throw new IOException($"the ledger does not hold the change set {changes}");
        var set = ChangeSet.Read(bytes);
        var patch = new TreePatch(Path.Combine(path, TreeNames.Base), set, reverse: false, merge: false, workspace.Store.ReadBlobAsync, $"{path}/notes")
        {
            IsSynced = false,
            Moved = (top, own) => Touched(untouched, top, own, cancel),
        };
        var (outcome, _) = await patch.ApplyAsync();
        if (!outcome.Applied) return outcome;
        HashSet<string> changed = [.. set.Files.SelectMany(f => f.From is null ? [f.Path] : new[] { f.From, f.Path })];
        return Ready(folder, copy, untouched.With(copy, changed).ToBeRead(changed).Found(copy, settled), outcome);
    }

    /// <summary>Notes how the copy lies there, in which a test may change what it wants.</summary>
    private static ApplyOutcome Ready(FolderHandle folder, FolderHandle copy, TreeSnapshot tested, ApplyOutcome outcome)
    {
        _ = tested.Sha256();
        SnapshotFile.Save(folder, TreeNames.Tested, tested, over: TreeNames.Base);
        RepositoryMark.Save(folder, TreeNames.Tested, RepositoryMark.Of(copy));
        return outcome;
    }

    /// <summary>Why the copy is not as it was; null when it is, but for what the change itself is about.</summary>
    private static string? Touched(TreeSnapshot untouched, FolderHandle copy, IReadOnlySet<string> own, CancellationToken cancel)
    {
        var look = TreeLook.At(copy, untouched, [], cancel);
        var touched = untouched.Changes(copy, look, cancel).Keys.Where(p => !own.Contains(p))
            .Concat(look.Folders.Where(f => !IsPlain(copy, f.Path)).Select(f => f.Path));
        return touched.FirstOrDefault() is { } path ? $"the copy that nobody was to touch is not as it was ({path})" : null;
    }

    private static bool IsPlain(FolderHandle copy, string path)
    {
        using var folder = copy.FindFolder(path);
        return folder?.IsPlain(copy.Itself().Stamp.Mode) != false;
    }
}
