using System.Text;
using System.Text.RegularExpressions;

namespace Assay.Server.Pages.Shared;

/// <summary>The part of a unified diff that is about one file.</summary>
/// <param name="Name">As git writes it.</param>
/// <param name="Notes">What else the header says: modes, renames, binary.</param>
/// <param name="Lines">The hunks.</param>
public sealed partial record DiffFile(string Name, IReadOnlyList<string> Notes, IReadOnlyList<DiffLine> Lines)
{
    private const int MaxLines = 5_000;

    /// <summary>Reads a diff; hunks are as long as their headers say, so that a line of content is never taken for a header.</summary>
    public static IReadOnlyList<DiffFile> Parse(ReadOnlyMemory<byte> diff)
    {
        var files = new List<DiffFile>();
        var (notes, lines) = (new List<string>(), new List<DiffLine>());
        var (before, after, left, right, total) = (0, 0, 0, 0, 0);
        foreach (var line in Encoding.UTF8.GetString(diff.Span).Split('\n'))
        {
            if (++total > MaxLines) break;
            if (left > 0 || right > 0)
            {
                var kind = line.Length == 0 ? ' ' : line[0];
                if (kind == '\\') continue;
                lines.Add(new DiffLine(
                    kind switch { '+' => DiffLineKind.Added, '-' => DiffLineKind.Removed, _ => DiffLineKind.Context },
                    kind == '+' ? null : before++, kind == '-' ? null : after++, line.Length == 0 ? "" : line[1..]));
                if (kind != '+') left--;
                if (kind != '-') right--;
            }
            else if (HunkHeader().Match(line) is { Success: true } hunk)
            {
                (before, after) = (int.Parse(hunk.Groups["before"].ValueSpan), int.Parse(hunk.Groups["after"].ValueSpan));
                (left, right) = (Length(hunk.Groups["left"]), Length(hunk.Groups["right"]));
                lines.Add(new DiffLine(DiffLineKind.Hunk, null, null, line));
            }
            else if (line.StartsWith("diff --git ", StringComparison.Ordinal))
            {
                (notes, lines) = ([], []);
                files.Add(new DiffFile(NameOf(line), notes, lines));
            }
            else if (files.Count > 0 && !line.StartsWith("--- ", StringComparison.Ordinal) && !line.StartsWith("+++ ", StringComparison.Ordinal) && !line.StartsWith("index ", StringComparison.Ordinal)
                && line.Length > 0 && line[0] != '\\')
            {
                notes.Add(line);
            }
        }

        return files;
    }

    /// <summary>The new name of <c>diff --git a/NAME b/NAME</c>.</summary>
    private static string NameOf(string line)
    {
        var names = line["diff --git ".Length..];
        var at = names.LastIndexOf(" b/", StringComparison.Ordinal);
        return at >= 0 ? names[(at + 3)..] : names;
    }

    private static int Length(Group group) => group.Success ? int.Parse(group.ValueSpan) : 1;

    [GeneratedRegex(@"^@@ -(?<before>\d{1,9})(,(?<left>\d{1,9}))? \+(?<after>\d{1,9})(,(?<right>\d{1,9}))? @@", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HunkHeader();
}
