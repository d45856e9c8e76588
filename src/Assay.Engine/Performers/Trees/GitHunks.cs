using System.Text;
using System.Text.RegularExpressions;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>Hunks between long texts, which git makes, for all of them at once.</summary>
internal static partial class GitHunks
{
    private const string Before = "a";
    private const string After = "b";

    /// <summary>The hunks of each change; nothing is started where there is none.</summary>
    /// <param name="changes">Changes of texts.</param>
    /// <param name="place">A folder in which one is made for them, under a name that nobody could guess, and removed.</param>
    /// <exception cref="IOException">git could not make them.</exception>
    public static IReadOnlyDictionary<ChangedContent, Hunks?> Of(IReadOnlyList<ChangedContent> changes, FolderHandle place)
    {
        var found = new Dictionary<ChangedContent, Hunks?>(ReferenceEqualityComparer.Instance);
        if (changes.Count == 0) return found;
        var name = FolderHandle.RandomName();
        try
        {
            using var folder = place.MakeFolder(name);
            for (var i = 0; i < changes.Count; i++)
            {
                folder.Write($"{Before}/{i}", changes[i].Before ?? [], replaces: false);
                folder.Write($"{After}/{i}", changes[i].After ?? [], replaces: false);
            }

            var diff = Encoding.Latin1.GetString(GitRepository.Diff(folder.Name, Before, After));
            foreach (var (number, hunks) in Split(diff)) found[changes[number]] = hunks;
            return found;
        }
        finally
        {
            FolderRemoval.Remove(place, name, WalkBounds.OfTree);
        }
    }

    /// <summary>The hunks by the numbers of their files. Their headers say how long they are, so no line of a text is taken for one.</summary>
    private static IEnumerable<(int Number, Hunks Hunks)> Split(string diff)
    {
        int? number = null;
        var text = new StringBuilder();
        var (added, removed, left, right) = (0L, 0L, 0, 0);
        foreach (var line in diff.Split('\n'))
        {
            if (left > 0 || right > 0 || line.StartsWith('\\'))
            {
                if (line.StartsWith('+')) added++;
                if (line.StartsWith('-')) removed++;
                if (!line.StartsWith('-') && !line.StartsWith('\\')) right--;
                if (!line.StartsWith('+') && !line.StartsWith('\\')) left--;
                text.Append(line).Append('\n');
            }
            else if (FileHeader().Match(line) is { Success: true } file)
            {
                if (number is { } before) yield return (before, new Hunks(text.ToString(), added, removed));
                (number, added, removed) = (int.Parse(file.Groups["number"].ValueSpan), 0, 0);
                text.Clear();
            }
            else if (HunkHeader().Match(line) is { Success: true } hunk)
            {
                (left, right) = (Length(hunk.Groups["left"]), Length(hunk.Groups["right"]));
                text.Append(hunk.Value).Append('\n');
            }
        }

        if (number is { } last) yield return (last, new Hunks(text.ToString(), added, removed));
    }

    private static int Length(Group group) => group.Success ? int.Parse(group.ValueSpan) : 1;

    [GeneratedRegex("^diff --git a/(?<number>[0-9]+) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileHeader();

    [GeneratedRegex(@"^@@ -\d+(,(?<left>\d+))? \+\d+(,(?<right>\d+))? @@", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HunkHeader();
}
