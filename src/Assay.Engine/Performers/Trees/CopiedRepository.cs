using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>The repositories of the two copies: each a clone of the tree's own, so that no work reaches that.</summary>
internal static class CopiedRepository
{
    /// <summary>Written by everybody who only looks, and no part of what is cloned.</summary>
    private const string Index = "index";

    private static readonly string[] Copies = [CopyOutcome.BaseName, CopyOutcome.WorkName];

    /// <summary>Clones it into folders that are not there yet.</summary>
    /// <exception cref="IOException">git could not do it.</exception>
    public static void Clone(TreeSource source, FolderHandle place)
    {
        if (!source.IsRepository) return;
        foreach (var copy in Copies) GitRepository.Clone(source.Path, Path.Combine(place.Name, copy));
    }

    /// <summary>How the tree's own lies there. One that lies elsewhere, as that of a worktree, is never known to be the same.</summary>
    public static Digest Mark(TreeSource source, FolderHandle origin) =>
        source.IsRepository && origin.Look(TreeSnapshot.Repository) is not { Kind: FileKind.Folder }
            ? Digest.Of(FolderHandle.RandomName())
            : RepositoryMark.Of(origin, Index);

    /// <summary>Notes how all three lie there.</summary>
    /// <param name="place">The folder of the copies.</param>
    /// <param name="mark">How the tree's own lay there before it was cloned.</param>
    public static void Note(FolderHandle place, Digest mark)
    {
        RepositoryMark.Save(place, TreeNames.Origin, mark);
        foreach (var copy in Copies)
        {
            using var folder = place.MakeFolder(copy);
            RepositoryMark.Save(place, copy, RepositoryMark.Of(folder));
        }
    }

    /// <summary>Makes those of the copies anew that somebody has touched, or both when the tree's own has moved on.</summary>
    /// <exception cref="IOException">git could not do it.</exception>
    public static void Reset(TreeSource source, FolderHandle origin, FolderHandle place)
    {
        var mark = Mark(source, origin);
        var hasMoved = !RepositoryMark.IsSame(place, TreeNames.Origin, mark);
        foreach (var copy in Copies)
        {
            using var folder = place.FindFolder(copy) ?? throw new IOException($"{place.Name}/{copy} is not there any more");
            if (!hasMoved && RepositoryMark.IsSame(place, copy, RepositoryMark.Of(folder))) continue;
            Renew(source.IsRepository ? source.Path : null, place, copy);
            RepositoryMark.Save(place, copy, RepositoryMark.Of(folder));
        }

        if (hasMoved) RepositoryMark.Save(place, TreeNames.Origin, mark);
    }

    /// <summary>Puts a new clone in the place of a copy's repository; without an origin it has none.</summary>
    /// <exception cref="IOException">git could not do it.</exception>
    public static void Renew(string? origin, FolderHandle place, string copy)
    {
        const string fresh = "fresh";
        FolderRemoval.Remove(place, $"{copy}/{TreeSnapshot.Repository}", WalkBounds.OfTree);
        if (origin is null) return;
        FolderRemoval.Remove(place, fresh, WalkBounds.OfTree);
        GitRepository.Clone(origin, Path.Combine(place.Name, fresh));
        if (!place.TryMove($"{fresh}/{TreeSnapshot.Repository}", $"{copy}/{TreeSnapshot.Repository}"))
        {
            throw new IOException($"{place.Name}/{copy} got no repository");
        }

        FolderRemoval.Remove(place, fresh, WalkBounds.OfTree);
    }
}
