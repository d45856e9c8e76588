using System.Security.Cryptography;
using System.Text;
using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>How the repository of a copy lies there, so that it is known later whether anybody has touched it.</summary>
internal static class RepositoryMark
{
    private const string Name = "tested.repository";

    /// <summary>Notes it.</summary>
    /// <param name="folder">The folder of the copies.</param>
    /// <param name="copy">The copy.</param>
    public static void Save(FolderHandle folder, FolderHandle copy) =>
        folder.Write(Name, Encoding.UTF8.GetBytes(Of(copy).ToString()), replaces: true);

    /// <summary>Whether it is as it was noted.</summary>
    public static bool IsSame(FolderHandle folder, FolderHandle copy)
    {
        using var file = folder.OpenFile(Name);
        return file.Problem is null && file.ReadText(Digest.SizeBytes * 4) == Of(copy).ToString();
    }

    private static Digest Of(FolderHandle copy)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var repository = copy.FindFolder(TreeSnapshot.Repository);
        if (repository is null) return Digest.Of([]);
        var lines = new List<string>();
        using var walk = new FolderWalk(repository, WalkBounds.OfTree);
        while (walk.Next()) lines.Add($"{walk.Path} {FileStat.Of(walk.Found).Stamp}\0");
        if (walk.Problem is { } problem) throw new IOException($"{repository.Name}: {problem}");
        foreach (var line in lines.Order(StringComparer.Ordinal)) hash.AppendData(Encoding.UTF8.GetBytes(line));
        return Digest.From(hash.GetHashAndReset());
    }
}
