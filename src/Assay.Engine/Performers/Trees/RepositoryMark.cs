using System.Security.Cryptography;
using System.Text;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>How the repository of a copy lies there, so that it is known later whether anybody has touched it.</summary>
internal static class RepositoryMark
{
    /// <summary>Notes it.</summary>
    /// <param name="folder">The folder of the copies.</param>
    /// <param name="name">Of which copy it is.</param>
    /// <param name="mark">How it lies there.</param>
    public static void Save(FolderHandle folder, string name, Digest mark) =>
        folder.Write(FileOf(name), Encoding.UTF8.GetBytes(mark.ToString()), replaces: true);

    /// <summary>Whether it is as it was noted.</summary>
    public static bool IsSame(FolderHandle folder, string name, Digest mark)
    {
        using var file = folder.OpenFile(FileOf(name));
        return file.Problem is null && file.ReadText(Digest.SizeBytes * 4) == mark.ToString();
    }

    /// <summary>How the repository of a tree lies there; all trees that have none are alike.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="exclude">Names in the repository's own folder that say nothing.</param>
    public static Digest Of(FolderHandle tree, params IReadOnlyCollection<string> exclude)
    {
        if (tree.Look(TreeSnapshot.Repository) is not { } found) return Digest.Of([]);
        if (found.Kind != FileKind.Folder) return Digest.Of($"{found}");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{found.Stamp}"));
        using var repository = tree.FindFolder(TreeSnapshot.Repository);
        if (repository is null) return Digest.Of([]);
        var lines = new List<string>();
        using var walk = new FolderWalk(repository, WalkBounds.OfTree);
        while (walk.Next())
        {
            if (exclude.Contains(walk.Path)) walk.Skip();
            else lines.Add($"{walk.Path} {FileStat.Of(walk.Found).Stamp}\0");
        }

        if (walk.Problem is { } problem) throw new IOException($"{repository.Name}: {problem}");
        foreach (var line in lines.Order(StringComparer.Ordinal)) hash.AppendData(Encoding.UTF8.GetBytes(line));
        return Digest.From(hash.GetHashAndReset());
    }

    /// <summary>The name of the note.</summary>
    public static string FileOf(string name) => $"{name}.repository";
}
