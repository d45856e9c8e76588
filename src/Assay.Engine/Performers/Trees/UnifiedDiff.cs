using System.Text;
using System.Text.RegularExpressions;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>A change with the contents before and after.</summary>
internal sealed record ChangedContent(FileChange File, byte[]? Before, byte[]? After);

/// <summary>The unified diff of changes, as git words it; binary files by their hashes.</summary>
internal static partial class UnifiedDiff
{
    private const string Before = "a";
    private const string After = "b";

    /// <summary>Above these git is faster than what is done here, and is worth its start.</summary>
    private const int MostFiles = 100;
    private const int MostLines = 2_000;

    /// <summary>The diff, and how many lines it adds and removes.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="place">
    /// A folder in which git finds what is too large to be compared here: in a folder that is made under a name that nobody could guess, and
    /// removed.
    /// </param>
    public static (byte[] Diff, long Added, long Removed) Of(IEnumerable<ChangedContent> changes, FolderHandle place)
    {
        var all = changes.ToList();
        if (all.Count > MostFiles || all.Exists(c => IsLong(c.Before) || IsLong(c.After))) return ByGit(all, place);
        var output = new StringBuilder();
        var (added, removed) = (0L, 0L);
        foreach (var change in all)
        {
            var file = FileDiff.Write(change, output);
            (added, removed) = (added + file.Added, removed + file.Removed);
        }

        return (Encoding.Latin1.GetBytes(output.ToString()), added, removed);
    }

    private static bool IsLong(byte[]? content) => content is not null && FileDiff.IsText(content) && content.AsSpan().Count((byte)'\n') > MostLines;

    private static (byte[] Diff, long Added, long Removed) ByGit(IEnumerable<ChangedContent> changes, FolderHandle place)
    {
        var name = FolderHandle.RandomName();
        try
        {
            using var folder = place.MakeFolder(name);
            folder.MakeFolder(Before).Dispose();
            folder.MakeFolder(After).Dispose();
            foreach (var change in changes)
            {
                if (change.Before is { } before)
                {
                    Put(folder, $"{Before}/{change.File.From ?? change.File.Path}", change.File.Before!, before);
                }

                if (change.After is { } after) Put(folder, $"{After}/{change.File.Path}", change.File.After!, after);
            }

            var diff = GitRepository.Diff(folder.Name, Before, After);
            var (added, removed) = Count(diff);
            return (diff, added, removed);
        }
        finally
        {
            FolderRemoval.Remove(place, name, WalkBounds.OfTree);
        }
    }

    /// <summary>Lines that begin with + and - within hunks, whose headers say how long they are.</summary>
    public static (long Added, long Removed) Count(byte[] diff)
    {
        var (added, removed, left, right) = (0L, 0L, 0, 0);
        foreach (var line in Encoding.Latin1.GetString(diff).Split('\n'))
        {
            if (left <= 0 && right <= 0)
            {
                var header = HunkHeader().Match(line);
                if (!header.Success) continue;
                (left, right) = (Length(header.Groups["left"]), Length(header.Groups["right"]));
                continue;
            }

            switch (line.Length == 0 ? ' ' : line[0])
            {
                case '+':
                    added++;
                    right--;
                    break;
                case '-':
                    removed++;
                    left--;
                    break;
                case ' ':
                    left--;
                    right--;
                    break;
            }
        }

        return (added, removed);
    }

    private static int Length(Group group) => group.Success ? int.Parse(group.ValueSpan) : 1;

    private static void Put(FolderHandle folder, string path, FileVersion version, byte[] content)
    {
        if (version.Kind == EntryKind.Link) folder.WriteLink(path, Encoding.UTF8.GetString(content), replaces: false);
        else if (version.Kind == EntryKind.File) folder.Write(path, content, replaces: false, mode: (uint)version.Mode | 0x100);
    }

    [GeneratedRegex(@"^@@ -\d+(,(?<left>\d+))? \+\d+(,(?<right>\d+))? @@", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HunkHeader();
}
