using Assay.Kernel.Effects;
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

    /// <summary>Notes how all three lie there.</summary>
    public static void Note(TreeSource source, FolderHandle origin, FolderHandle place)
    {
        RepositoryMark.Save(place, TreeNames.Origin, Origin(source, origin));
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
        var hasMoved = !RepositoryMark.IsSame(place, TreeNames.Origin, Origin(source, origin));
        foreach (var copy in Copies)
        {
            using var folder = place.FindFolder(copy) ?? throw new IOException($"{place.Name}/{copy} is not there any more");
            if (!hasMoved && RepositoryMark.IsSame(place, copy, RepositoryMark.Of(folder))) continue;
            Renew(source.IsRepository ? source.Path : null, place, copy);
            RepositoryMark.Save(place, copy, RepositoryMark.Of(folder));
        }

        if (hasMoved) RepositoryMark.Save(place, TreeNames.Origin, Origin(source, origin));
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
        place.TryMove($"{fresh}/{TreeSnapshot.Repository}", $"{copy}/{TreeSnapshot.Repository}");
        FolderRemoval.Remove(place, fresh, WalkBounds.OfTree);
    }

    /// <summary>One that lies elsewhere, as that of a worktree, is never known to be the same.</summary>
    private static Kernel.Streams.Digest Origin(TreeSource source, FolderHandle origin) =>
        source.IsRepository && origin.Look(TreeSnapshot.Repository) is not { Kind: FileKind.Folder }
            ? Kernel.Streams.Digest.Of(FolderHandle.RandomName())
            : RepositoryMark.Of(origin, Index);
}
