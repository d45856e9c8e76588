using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>What has been touched in a copy since it was noted how it lies there.</summary>
internal sealed class CopyState
{
    private readonly FolderHandle _copy;
    private readonly TreeSnapshot _note;
    private readonly HashSet<string> _dirty = new(StringComparer.Ordinal);
    private readonly List<string> _madeFolders = [];
    private readonly HashSet<string> _goneFolders = new(StringComparer.Ordinal);

    private CopyState(FolderHandle copy, TreeSnapshot note) => (_copy, _note) = (copy, note);

    /// <summary>Files that were touched, made or removed.</summary>
    public IReadOnlySet<string> Dirty => _dirty;

    /// <summary>Looks at every file and folder, and reads the files of which it was not known when they were changed.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="note">How it was.</param>
    /// <param name="folderMode">The mode that its folders were made with.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It cannot be seen to its end, or a folder has been given what is not undone here.</exception>
    public static CopyState Of(FolderHandle copy, TreeSnapshot note, int folderMode, CancellationToken cancel)
    {
        var state = new CopyState(copy, note);
        NeedPlain(copy, folderMode);
        var look = TreeLook.At(copy, note, [], cancel);
        foreach (var folder in look.Folders) state.Add(folder, folderMode);
        var touched = new bool[look.Files.Count];
        InParallel.For(touched.Length, i => touched[i] = IsTouched(copy, look.Files[i], note, cancel), cancel);
        state._dirty.UnionWith(look.Files.Where((_, i) => touched[i]).Select(f => f.Path));
        state._dirty.UnionWith(look.GoneFiles);
        state._goneFolders.UnionWith(look.GoneFolders);

        // The copy's own repository is looked at elsewhere; another one was made there.
        state._dirty.UnionWith(look.Repositories.Where(p => p != TreeSnapshot.Repository));
        return state;
    }

    /// <summary>The same for a copy of which it is known how it lies there, without a look at it.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="note">How it was.</param>
    /// <param name="now">How it is.</param>
    public static CopyState Known(FolderHandle copy, TreeSnapshot note, TreeSnapshot now)
    {
        var state = new CopyState(copy, note);
        state._dirty.UnionWith(note.Others(now).Select(o => o.Path));
        state._madeFolders.AddRange(now.Folders.Keys.Where(f => !note.Folders.ContainsKey(f)));
        state._goneFolders.UnionWith(note.Folders.Keys.Where(f => !now.Folders.ContainsKey(f)));
        return state;
    }

    /// <summary>Makes the copy what a tree is.</summary>
    /// <param name="tree">What it is to hold.</param>
    /// <param name="differs">Files at which the tree is not what was noted.</param>
    /// <param name="from">Where they lie.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>How it lies there now, and the files that were copied or taken away.</returns>
    /// <exception cref="IOException">One cannot be copied.</exception>
    public (TreeSnapshot Note, IReadOnlyCollection<string> Touched) Bring(
        TreeSnapshot tree, IEnumerable<string> differs, FolderHandle from, CancellationToken cancel)
    {
        var touched = _dirty.Union(differs, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        List<string> surplus = [.. _madeFolders, .. _note.Folders.Keys.Where(f => !tree.Folders.ContainsKey(f))];

        // What stands above is removed first: it may be a link now, behind which there is nothing of the copy's.
        foreach (var path in touched.Concat(surplus).Order(StringComparer.Ordinal))
        {
            FolderRemoval.Remove(_copy, path, WalkBounds.OfTree, cancel);
        }

        List<string> missing = [.. tree.Folders.Keys.Where(f => _goneFolders.Contains(f) || !_note.Folders.ContainsKey(f))];
        foreach (var path in missing) _copy.MakeFolder(path).Dispose();
        var files = touched.Where(tree.Entries.ContainsKey).ToList();
        InParallel.For(files.Count, i => Copy(from, files[i], cancel), cancel);
        return (_note.With(_copy, touched, [.. surplus, .. missing, .. _goneFolders]), touched);
    }

    private void Copy(FolderHandle from, string path, CancellationToken cancel)
    {
        var found = from.Look(path) ?? throw new IOException($"{path} was removed while it was copied");
        TreeFiles.Copy(from, _copy, new TreeEntryFound(path, found), cancel);
    }

    private void Add(TreeEntryFound folder, int mode)
    {
        if (!_note.Folders.ContainsKey(folder.Path)) _madeFolders.Add(folder.Path);
        else
        {
            using var handle = _copy.FindFolder(folder.Path);
            if (handle is not null) NeedPlain(handle, mode);
        }
    }

    /// <summary>Permissions of a folder, and what else may be attached to one, are not copied and would stay.</summary>
    private static void NeedPlain(FolderHandle folder, int mode)
    {
        if (!folder.IsPlain(mode)) throw new IOException($"{folder.Name} was given other permissions or attributes");
    }

    /// <summary>Only of a file of which it was not known when it was changed the content says whether it is untouched.</summary>
    private static bool IsTouched(FolderHandle copy, TreeEntryFound found, TreeSnapshot note, CancellationToken cancel)
    {
        if (note.Entries.GetValueOrDefault(found.Path) is not { } entry || entry.Stamp != default) return true;
        return TreeEntry.KindOf(found.Stat) != entry.Version.Kind || found.Stat.SizeBytes != entry.Version.SizeBytes
            || TreeEntry.Read(copy, found.Path, found.Stat, cancel).Version != entry.Version;
    }
}
