using System.Text;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Performs <see cref="CheckCopy"/>. Made again, it tells the same.</summary>
internal sealed class CheckPerformer(Workspace workspace) : TreePerformer<CheckCopy>
{
    /// <summary>Files that an outcome names, so that it fits an event.</summary>
    private const int MaxListed = 100;

    private const long MaxNoteBytes = 1L << 30;

    protected override ValueTask<EffectOutcome> DoAsync(CheckCopy effect, CancellationToken cancel)
    {
        using var folder = FolderHandle.Open(Path.Combine(workspace.Root, effect.Folder));
        using var copy = folder.FindFolder(effect.Name) ?? throw new IOException("the copy in which the test ran is not there any more");
        var isShared = effect.Name == TreeNames.Base;
        var expected = SnapshotFile.Load(folder, isShared ? TreeNames.Tested : effect.Name);
        var found = CopyChanges.Find(copy, expected, cancel);
        var mode = folder.Itself().Stamp.Mode;
        var isOther = copy.Itself().Stamp.Mode != mode;
        IReadOnlyList<string> told = [.. isOther ? ["."] : Array.Empty<string>(), .. Told(effect, found.Files).Union(Noted(folder, effect), StringComparer.Ordinal)];
        if (isShared)
        {
            // An attempt that dies while it puts back must not make the next one find everything well.
            if (told.Count > 0) folder.Write(Note(effect), Encoding.UTF8.GetBytes(string.Join('\0', told)), replaces: true, isSynced: true);
            var origin = Directory.Exists(effect.Origin) ? FolderHandle.OpenNamed(effect.Origin) : null;
            if (isOther) copy.SetMode(mode);
            found.PutBack(copy, [folder.FindFolder(TreeNames.Work), origin]);
            if (!RepositoryMark.IsSame(folder, TreeNames.Tested, RepositoryMark.Of(copy))) RenewRepository(folder, copy, effect.Origin);
            var changed = found.PutBackFiles;
            if (found.HasAttributes || changed.Count > 0) KeptCopies.MarkTouched(folder);
            if (changed.Count > 0)
            {
                SnapshotFile.Save(folder, TreeNames.Tested, expected.With(copy, changed).ToBeRead(changed), over: TreeNames.Base);
            }
        }

        return ValueTask.FromResult<EffectOutcome>(new CheckOutcome([.. told.Take(MaxListed)], told.Count, null));
    }

    private static IEnumerable<string> Told(CheckCopy effect, IReadOnlyList<string> files)
    {
        var ignored = GitRepository.Ignored(effect.Origin, files);
        return files.Where(p => !ignored.Contains(p));
    }

    private static string[] Noted(FolderHandle folder, CheckCopy effect)
    {
        using var file = folder.OpenFile(Note(effect));
        return file.IsMissing ? [] : file.ReadText(MaxNoteBytes).Split('\0');
    }

    private static string Note(CheckCopy effect) => $"{Digest.Of(effect.Id).Short(16)}.found";

    /// <summary>What a test did to the repository could name programs for the next one's git.</summary>
    private static void RenewRepository(FolderHandle folder, FolderHandle copy, string origin)
    {
        CopiedRepository.Renew(GitRepository.Is(origin) ? origin : null, folder, TreeNames.Base);
        RepositoryMark.Save(folder, TreeNames.Tested, RepositoryMark.Of(copy));
    }
}
