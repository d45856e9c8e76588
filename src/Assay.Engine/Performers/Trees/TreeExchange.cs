using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Exchanges files of a tree in which people go on working. What is taken out is looked at after it came out, and stays beside its place
/// until all is done, so that nobody's edit is lost: not one that was made before the moment of the exchange, and not one that is written
/// into the file that was taken out. What was begun, by this process or one that died, can be taken back (see <see cref="ApplyJournal"/>).
/// </summary>
/// <param name="top">The tree.</param>
/// <param name="files">What is exchanged.</param>
internal sealed class TreeExchange(FolderHandle top, IReadOnlyList<FileExchange> files)
{
    /// <summary>Exchanges all of them.</summary>
    /// <param name="contents">What comes, by path; where a link points, for a link.</param>
    /// <param name="isSynced">Whether each content survives a loss of power before it comes in.</param>
    /// <exception cref="IOException">
    /// Something else stands there than was planned, or it cannot be written. All has to be taken back.
    /// </exception>
    public void Do(IReadOnlyDictionary<string, byte[]> contents, bool isSynced)
    {
        // What goes makes room for what comes, also for a file where a folder was.
        foreach (var file in files.Where(f => f.To is null)) Do(file, [], isSynced);
        foreach (var file in files.Where(f => f.To is null)) RemoveEmptyFolders(file.Path);
        foreach (var file in files.Where(f => f.To is not null)) Do(file, contents[file.Path], isSynced);
        foreach (var file in files) Look(file);
    }

    /// <summary>Ends it: what was taken out is removed for good, but for what somebody has written into it in the last moment.</summary>
    /// <returns>Where that lies: beside each file, with <c>.orig</c> behind its name, as patch(1) does.</returns>
    public IReadOnlyList<string> End()
    {
        var kept = new List<string>();
        foreach (var file in files.Where(f => f.Was is not null))
        {
            if (Version(top, file.Beside) is { } came && came != file.Was) kept.Add(Keep(file));
            else top.Unlink(file.Beside);
        }

        foreach (var file in files.Where(f => f.To is null)) RemoveEmptyFolders(file.Path);
        return kept;
    }

    /// <summary>
    /// Takes back what was done, wholly or in part. What somebody has changed meanwhile stays as it was made, and what was there before lies
    /// beside it with <c>.orig</c> behind its name.
    /// </summary>
    /// <returns>Why the first that could not be taken back was not; null when nothing of the change is left.</returns>
    public string? Undo()
    {
        string? left = null;
        foreach (var file in files.OrderBy(f => f.To is null))
        {
            try
            {
                Undo(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                left ??= e.Message;
            }
        }

        return left;
    }

    /// <summary>What stands at a path, by its content; null when nothing does, or a folder.</summary>
    public static FileVersion? Version(FolderHandle top, string path) => top.Look(path) switch
    {
        null or { Kind: FileKind.Folder } => null,

        // No change that was captured has a larger file: this is neither before nor after, and is not read.
        { Kind: FileKind.File, SizeBytes: > CaptureChanges.MostBytes } large =>
            new FileVersion(EntryKind.File, large.Mode, large.SizeBytes, default),
        { } found => TreeEntry.Read(top, path, found).Version,
    };

    /// <summary>Folders count only as the places of files; one that is not empty, or not ours to remove, stays.</summary>
    private void RemoveEmptyFolders(string path)
    {
        try
        {
            for (var cut = path.LastIndexOf('/'); cut > 0; cut = path.LastIndexOf('/', cut - 1)) top.RemoveFolder(path[..cut]);
        }
        catch (IOException)
        {
            return;
        }
    }

    private void Do(FileExchange file, byte[] content, bool isSynced)
    {
        var heirOf = file.Was is { Kind: EntryKind.File } ? file.Path : null;
        if (file.To is { Kind: EntryKind.Link }) top.WriteLink(file.Beside, Encoding.UTF8.GetString(content), replaces: false);
        else if (file.To is { } to) top.WriteNew(file.Beside, content, (uint)to.Mode, isSynced, heirOf);
        var isDone = (file.Was, file.To) switch
        {
            (null, _) => top.TryMove(file.Beside, file.Path),
            (_, null) => top.TryMove(file.Path, file.Beside),
            _ => top.TrySwap(file.Path, file.Beside),
        };
        if (!isDone) throw Moved(file, file.Was is null ? "was put there" : "was removed");
        Look(file);
    }

    /// <summary>Gives what was taken out a name that a person sees; where all are taken, it stays where it is.</summary>
    private string Keep(FileExchange file)
    {
        var names = Enumerable.Range(0, 100).Select(n => n == 0 ? $"{file.Path}.orig" : $"{file.Path}.orig.{n}");
        return names.FirstOrDefault(name => top.TryMove(file.Beside, name)) ?? file.Beside;
    }

    /// <summary>Looks at what came out.</summary>
    private void Look(FileExchange file)
    {
        if (file.Was is { } was && Version(top, file.Beside) != was) throw Moved(file, "was changed");
    }

    private static IOException Moved(FileExchange file, string how) =>
        new($"{file.Path} {how} while the change came in: the tree has moved on");

    private void Undo(FileExchange file)
    {
        top.BringHome(file.Path, file.Beside);
        if (top.Look(file.Beside) is not { } beside)
        {
            if (file.Was is null) TakeAway(file);
            return;
        }

        var isUnfinished = beside is { Kind: FileKind.File, Mode: (int)FolderHandle.UnfinishedMode };
        var hasComeIn = file.To is null || (file.Was is not null && !isUnfinished && Version(top, file.Beside) != file.To);
        if (hasComeIn) PutBack(file);
        else top.Unlink(file.Beside);
    }

    /// <summary>Takes away a file that was made, unless somebody has changed it.</summary>
    private void TakeAway(FileExchange file)
    {
        if (Version(top, file.Path) != file.To || !top.TryMove(file.Path, file.Beside)) return;
        if (Version(top, file.Beside) == file.To) top.Unlink(file.Beside);
        else if (!top.TryMove(file.Beside, file.Path)) Keep(file);
        RemoveEmptyFolders(file.Path);
    }

    /// <summary>Puts back what was taken out, as it was or as somebody made it meanwhile.</summary>
    private void PutBack(FileExchange file)
    {
        if (top.TryMove(file.Beside, file.Path)) return;
        if (file.To is not null && Version(top, file.Path) == file.To && top.TrySwap(file.Path, file.Beside))
        {
            if (Version(top, file.Beside) == file.To)
            {
                top.Unlink(file.Beside);
                return;
            }

            // Changed in this very moment.
            top.TrySwap(file.Path, file.Beside);
        }

        // Somebody has changed what came in, and has the last word. What was there before lies beside it.
        Keep(file);
    }
}
