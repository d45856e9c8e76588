using System.Collections.Immutable;
using Assay.Engine.Performers.Files;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>
/// Performs <see cref="CopyTree"/>: with copies that were kept of an attempt before, of which only what differs is copied, or from the
/// beginning. An attempt that was lost leaves a folder that nobody uses, and is simply made again.
/// </summary>
internal sealed class CopyPerformer(Workspace workspace) : IEffectPerformer
{
    public Task<EffectResult> PerformAsync(Attempt attempt, CancellationToken cancel) =>
        Task.Run(() => Perform((CopyTree)attempt.Effect, cancel), CancellationToken.None);

    private EffectResult Perform(CopyTree effect, CancellationToken cancel)
    {
        var folder = FreshPath.CreateFolder(workspace.Root, effect.To);
        CopyOutcome outcome;
        try
        {
            outcome = Make(effect, folder, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            outcome = Failed(folder, e.Message);
        }
        catch (OperationCanceledException)
        {
            outcome = Failed(folder, "it was cancelled");
        }

        return new EffectResult(outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty, []);
    }

    /// <summary>What was copied goes at once: when the disk is full, the outcome itself needs room.</summary>
    private CopyOutcome Failed(string folder, string problem)
    {
        using var top = FolderHandle.Open(workspace.Root);
        Discard(top, folder);
        return new CopyOutcome(folder, default, 0, problem);
    }

    private static void Discard(FolderHandle top, string folder)
    {
        SnapshotMemory.Forget(Path.Combine(top.Name, folder));
        try
        {
            FolderRemoval.Remove(top, folder, WalkBounds.OfTree);
        }
        catch (IOException)
        {
            // It goes with the other copies of the attempt.
        }
    }

    private CopyOutcome Make(CopyTree effect, string folder, CancellationToken cancel)
    {
        var source = TreeSource.Of(workspace.Root, effect.From, effect.IsProject, effect.Exclude);
        GitRepository.ExpectRules(source.Path);
        using var origin = source.Open();
        using var top = FolderHandle.Open(workspace.Root);
        var kept = new KeptCopies(top);

        // What this very attempt copied before, of a tree that has moved on, comes back first.
        if (folder != effect.To) kept.Take(effect.To, source, isChecked: false);
        if (kept.TryLend(source, folder))
        {
            if (Reset(source, origin, top, folder, cancel) is { } reset) return Outcome(folder, reset);
            folder = FreshPath.CreateFolder(workspace.Root, effect.To);
        }

        using var place = top.MakeFolder(folder);
        return Outcome(folder, Copy(source, origin, place, cancel));
    }

    private static CopyOutcome Outcome(string folder, TreeSnapshot copied) => new(folder, copied.Sha256(), copied.Entries.Count, null);

    /// <summary>The copies as the tree is now; null when they cannot be brought there, and are of no use.</summary>
    private static TreeSnapshot? Reset(TreeSource source, FolderHandle origin, FolderHandle top, string folder, CancellationToken cancel)
    {
        try
        {
            using var place = top.FindFolder(folder);
            return place is null ? null : new CopyReset(source, origin, place, cancel).Do();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(top, folder);
            return null;
        }
    }

    private static TreeSnapshot Copy(TreeSource source, FolderHandle origin, FolderHandle place, CancellationToken cancel)
    {
        var mark = CopiedRepository.Mark(source, origin);
        CopiedRepository.Clone(source, place);
        using var kept = place.MakeFolder(CopyOutcome.BaseName);
        using var work = place.MakeFolder(CopyOutcome.WorkName);
        var settled = TreeFiles.Settled();
        var seen = TreeFiles.Copy(origin, kept, source.Exclude, cancel);
        TreeFiles.Copy(kept, work, [], cancel);
        CopiedRepository.Note(place, mark);

        // Once: all that is touched from now on has another stamp.
        TreeFiles.Rest();
        var snapshot = TreeSnapshot.Take(kept, cancel: cancel);
        _ = snapshot.Sha256();
        SnapshotFile.Save(place, TreeNames.Base, snapshot);
        SnapshotFile.Save(place, TreeNames.Work, snapshot.StampedAt(work));

        // What was changed in the tick in which it was copied may have been changed again in the same one.
        var stamps = seen.ToDictionary(f => f.Path, f => f.Stat.Stamp, StringComparer.Ordinal);
        SnapshotFile.Save(place, TreeNames.Origin, snapshot.Stamped((path, _) => stamps.GetValueOrDefault(path)).SettledBy(settled));
        KeptCopies.Mark(place, isWhole: true);
        return snapshot;
    }
}
