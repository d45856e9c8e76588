using Assay.Kernel.Streams;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>A tree of which copies are made.</summary>
/// <param name="Path">Its absolute path.</param>
/// <param name="Exclude">Paths of it that are not copied.</param>
/// <param name="IsRepository">Whether it is a repository, whose history the copies have.</param>
internal sealed record TreeSource(string Path, IReadOnlySet<string> Exclude, bool IsRepository)
{
    private const int NameDigits = 32;

    /// <summary>The tree that an effect names.</summary>
    /// <param name="workspace">The workspace, which is never copied.</param>
    /// <param name="from">Its absolute path.</param>
    /// <param name="isProject">Whether it is the project, which the person may have named through a link.</param>
    /// <param name="exclude">Paths of it that are not copied.</param>
    /// <exception cref="IOException">It looks like a repository, and git will not work in it.</exception>
    public static TreeSource Of(string workspace, string from, bool isProject, IEnumerable<string> exclude)
    {
        var path = System.IO.Path.GetFullPath(from).TrimEnd('/');
        if (isProject) path = HostPath.Real(path);
        var left = exclude.ToHashSet(StringComparer.Ordinal);
        if (workspace.StartsWith(path + '/', StringComparison.Ordinal)) left.Add(workspace[(path.Length + 1)..]);
        return new TreeSource(path, left, GitRepository.Is(path));
    }

    /// <summary>Names all copies that are made alike.</summary>
    public string Key =>
        Digest.Of(string.Join('\0', [Path, $"{IsRepository}", .. Exclude.Order(StringComparer.Ordinal)])).Short(NameDigits);

    /// <exception cref="IOException">It is no folder, or cannot be opened.</exception>
    public FolderHandle Open() => FolderHandle.Find(Path) ?? throw new IOException($"{Path} is no folder");
}
