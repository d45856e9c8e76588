using System.Text;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>A change with the contents before and after.</summary>
internal sealed record ChangedContent(FileChange File, byte[]? Before, byte[]? After);

/// <summary>Hunks of a unified diff, a character for each byte, and how many lines they add and remove.</summary>
internal readonly record struct Hunks(string Text, long Added, long Removed);

/// <summary>The unified diff of changes, as git words it; of binary files it says that they differ.</summary>
internal static class UnifiedDiff
{
    /// <summary>Above these git is faster than what is done here, and is worth its start.</summary>
    private const int MostLines = 2_000;

    /// <summary>The diff, and how many lines it adds and removes.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="place">
    /// A folder in which git finds what is too long to be compared here: in a folder that is made under a name that nobody could guess, and
    /// removed.
    /// </param>
    public static (byte[] Diff, long Added, long Removed) Of(IEnumerable<ChangedContent> changes, FolderHandle place)
    {
        var all = changes.ToList();
        var byGit = GitHunks.Of([.. all.Where(IsForGit)], place);
        var output = new StringBuilder();
        var (added, removed) = (0L, 0L);
        foreach (var change in all)
        {
            var file = FileDiff.Write(change, byGit.GetValueOrDefault(change), output);
            (added, removed) = (added + file.Added, removed + file.Removed);
        }

        return (Encoding.Latin1.GetBytes(output.ToString()), added, removed);
    }

    private static bool IsForGit(ChangedContent change) =>
        FileDiff.IsCompared(change) && (IsLong(change.Before ?? []) || IsLong(change.After ?? []));

    private static bool IsLong(byte[] content) => content.AsSpan().Count((byte)'\n') > MostLines;
}
