using System.Text;
using System.Text.RegularExpressions;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Trees;

namespace Assay.Engine.Trees;

/// <summary>A change with the contents before and after.</summary>
internal sealed record ChangedContent(FileChange File, byte[]? Before, byte[]? After);

/// <summary>The unified diff of changes, as git words it; binary files by their hashes.</summary>
internal static partial class UnifiedDiff
{
    private const string Before = "a";
    private const string After = "b";

    /// <summary>The diff, and how many lines it adds and removes.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="folder">A folder that is created for the comparison and removed.</param>
    public static (byte[] Diff, long Added, long Removed) Of(IEnumerable<ChangedContent> changes, string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(Path.Combine(folder, Before));
        Directory.CreateDirectory(Path.Combine(folder, After));
        try
        {
            foreach (var change in changes)
            {
                if (change.Before is { } before) Put(Path.Combine(folder, Before, change.File.From ?? change.File.Path), change.File.Before!, before);
                if (change.After is { } after) Put(Path.Combine(folder, After, change.File.Path), change.File.After!, after);
            }

            var diff = GitRepository.Diff(folder, Before, After);
            var (added, removed) = Count(diff);
            return (diff, added, removed);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
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

    private static void Put(string path, FileVersion version, byte[] content)
    {
        if (version.Kind == EntryKind.Special) return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (version.Kind == EntryKind.Link)
        {
            if (Libc.SymLink(Encoding.UTF8.GetString(content), path) != 0) throw new IOException($"{path}: {Libc.LastError()}");
            return;
        }

        File.WriteAllBytes(path, content);
        if (Libc.ChMod(path, (uint)version.Mode | 0x100) != 0) throw new IOException($"{path}: {Libc.LastError()}");
    }

    [GeneratedRegex(@"^@@ -\d+(,(?<left>\d+))? \+\d+(,(?<right>\d+))? @@", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HunkHeader();
}
