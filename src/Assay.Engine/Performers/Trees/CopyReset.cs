using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Brings copies that were kept to what their tree is now. Whatever was touched in them, by its stamp, is taken away and copied anew,
/// also when its content is as it was: whoever touched it may have left something that is no content.
/// </summary>
/// <param name="source">The tree.</param>
/// <param name="origin">The same, opened.</param>
/// <param name="place">The folder of the copies.</param>
/// <param name="cancel">Ends it.</param>
internal sealed class CopyReset(TreeSource source, FolderHandle origin, FolderHandle place, CancellationToken cancel)
{
    /// <summary>Does it, and notes how the copies lie there.</summary>
    /// <returns>What they hold.</returns>
    /// <exception cref="IOException">They cannot be brought there, and are of no use any more.</exception>
    public TreeSnapshot Do()
    {
        using var kept = Open(CopyOutcome.BaseName);
        using var work = Open(CopyOutcome.WorkName);
        var (originNote, keptNote, workNote) =
            (SnapshotFile.Load(place, TreeNames.Origin), SnapshotFile.Load(place, TreeNames.Base), SnapshotFile.Load(place, TreeNames.Work));

        // Whoever finds them after this was cut short does not take them.
        KeptCopies.Mark(place, isWhole: false);
        var tested = KeptCopies.TestedNote(place);
        var settled = TreeFiles.Settled();
        var (now, keptState, workState) = Look(kept, work, originNote, (keptNote, tested), workNote);
        CopiedRepository.Reset(source, origin, place);

        var moved = originNote.Differences(now).ToHashSet(StringComparer.Ordinal);
        var renewed = keptState.Bring(now, moved, origin, cancel);
        var same = renewed.Note.Entries.Count == now.Entries.Count && moved.Concat(keptState.Dirty).All(p => IsSame(renewed.Note, now, p));
        if (!same) throw new IOException($"{source.Path} was changed while it was copied");
        var differs = keptNote.Differences(renewed.Note).Concat(workNote.Differences(renewed.Note)).ToHashSet(StringComparer.Ordinal);
        var copied = workState.Bring(renewed.Note, differs, kept, cancel);
        if (copied.Touched.FirstOrDefault(p => !IsSame(copied.Note, renewed.Note, p)) is { } wrong) throw new IOException($"{wrong} was not copied");

        _ = renewed.Note.Sha256();
        SnapshotFile.Save(place, TreeNames.Base, renewed.Note.SettledBy(settled));
        SnapshotFile.Save(place, TreeNames.Work, copied.Note.Like(renewed.Note).SettledBy(settled));
        SnapshotFile.Save(place, TreeNames.Origin, now.SettledBy(settled));
        SnapshotFile.Remove(place, TreeNames.Tested);
        KeptCopies.Mark(place, isWhole: true);
        return renewed.Note;
    }

    private (TreeSnapshot Now, CopyState Kept, CopyState Work) Look(
        FolderHandle kept, FolderHandle work, TreeSnapshot originNote, (TreeSnapshot Note, TreeSnapshot? Tested) keptNote, TreeSnapshot workNote)
    {
        var mode = place.Itself().Stamp.Mode;
        var now = originNote.Now(origin, source.Exclude, cancel).WithoutSpecial();
        var keptState = keptNote.Tested is { } tested
            ? CopyState.Known(kept, keptNote.Note, tested)
            : CopyState.Of(kept, keptNote.Note, mode, cancel);
        return (now, keptState, CopyState.Of(work, workNote, mode, cancel));
    }

    private FolderHandle Open(string name) => place.FindFolder(name) ?? throw new IOException($"{place.Name}/{name} is not there any more");

    private static bool IsSame(TreeSnapshot one, TreeSnapshot other, string path) =>
        one.Entries.GetValueOrDefault(path)?.Version == other.Entries.GetValueOrDefault(path)?.Version;
}
