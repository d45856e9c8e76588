using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Copies of trees that attempts have left, for the next one on the same tree: to reset what was changed takes a moment, to copy all again
/// may take minutes. They are lent by renaming, so that nobody else has them, also no other process.
/// </summary>
/// <param name="top">The workspace.</param>
internal sealed class KeptCopies(FolderHandle top)
{
    private const string Folder = "kept";

    /// <summary>The file that says that copies and notes are whole. Without it they are none.</summary>
    private const string Whole = "whole";

    /// <summary>The file that says that the note of the tested copy holds; what an attempt did not end in order is looked at.</summary>
    private const string Checked = "checked";

    /// <summary>The file that says that something was touched in the tested copy which no note tells.</summary>
    private const string Touched = "touched";

    /// <summary>Of one tree, as many as tasks are usually run at once; each takes the room of two trees.</summary>
    private const int MostOfOneTree = 4;

    /// <summary>What is kept; all else that attempts put beside the copies goes.</summary>
    private static readonly string[] Parts =
    [
        TreeNames.Base, TreeNames.Work, Whole, Touched,
        .. new[] { TreeNames.Origin, TreeNames.Base, TreeNames.Work, TreeNames.Tested }
            .SelectMany(n => SnapshotFile.FilesOf(n).Append(RepositoryMark.FileOf(n))),
    ];

    /// <summary>
    /// Moves copies that were kept to a folder that is there and empty. False when there are none; then the folder is still there.
    /// </summary>
    /// <param name="source">The tree.</param>
    /// <param name="to">The folder, relative to the workspace.</param>
    public bool TryLend(TreeSource source, string to)
    {
        var place = $"{Folder}/{source.Key}";
        foreach (var name in top.Names(place))
        {
            var from = $"{place}/{name}";
            top.RemoveFolder(to);
            if (top.TryMove(from, to))
            {
                SnapshotMemory.Move(Path.Combine(top.Name, from), Path.Combine(top.Name, to));
                return true;
            }
        }

        top.MakeFolder(to).Dispose();
        return false;
    }

    /// <summary>Keeps the copies of an attempt that is over, as far as they are whole and not too many are kept already.</summary>
    /// <param name="copies">Their folder, relative to the workspace.</param>
    /// <param name="source">The tree.</param>
    /// <param name="isChecked">Whether it is noted how the copy lies there in which a change was tested, if one was.</param>
    /// <returns>Whether they are kept, and no more where they were.</returns>
    public bool Take(string copies, TreeSource source, bool isChecked)
    {
        using (var place = top.FindFolder(copies))
        {
            if (place is null || place.Look(Whole) is null) return false;
            RemoveOthers(place);
            if (isChecked) place.Write(Checked, [], replaces: true);
        }

        var kept = $"{Folder}/{source.Key}";
        if (top.Names(kept).Count >= MostOfOneTree) return false;
        var to = $"{kept}/{FolderHandle.RandomName()}";
        if (!top.TryMove(copies, to)) return false;
        SnapshotMemory.Move(Path.Combine(top.Name, copies), Path.Combine(top.Name, to));
        return true;
    }

    /// <summary>Says whether copies are whole, so that they may be kept.</summary>
    public static void Mark(FolderHandle place, bool isWhole)
    {
        if (isWhole) place.Write(Whole, [], replaces: true);
        else place.Unlink(Whole);
    }

    /// <summary>Says that something was touched in the tested copy, so that all of it is looked at before it is lent.</summary>
    public static void MarkTouched(FolderHandle place) => place.Write(Touched, [], replaces: true);

    /// <summary>How the copy lies there in which changes are tested, as the attempt that had it left it; null: that is not known.</summary>
    /// <exception cref="IOException">The note cannot be read.</exception>
    public static TreeSnapshot? TestedNote(FolderHandle place)
    {
        var (isChecked, isTouched) = (place.Unlink(Checked), place.Unlink(Touched));
        if (!isChecked || isTouched) return null;
        return SnapshotFile.Load(place, SnapshotFile.Exists(place, TreeNames.Tested) ? TreeNames.Tested : TreeNames.Base);
    }

    private static void RemoveOthers(FolderHandle place)
    {
        foreach (var name in place.Names("").Except(Parts, StringComparer.Ordinal)) FolderRemoval.Remove(place, name, WalkBounds.OfTree);
    }
}
