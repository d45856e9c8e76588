using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Assay.Engine.Performers.Trees;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Tests.Performers.Trees;

/// <summary>Diffs against git itself: it words them in the same way, and takes each forwards and back.</summary>
public sealed partial class UnifiedDiffTests : IDisposable
{
    private const int Plain = 0b110_100_100;
    private const int Executable = 0b111_101_101;

    private static readonly string[] Lines = ["a", "b", "", " ", "\r", "a\r", "\\ No newline at end of file", "--- a/x", "@@ -1 +1 @@", "\u00e9\ud83d\ude00", "+", "\f"];

    private readonly TemporaryFolder _folder = new();

    public UnifiedDiffTests() => Git("init", "-q");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_worded_as_git_words_it()
    {
        var changes = new[]
        {
            Change("changed", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n", "1\n2\nthree\n4\n5\n6\n7\n8\n9\n10\neleven\n12\n13"),
            Change("created", null, "x\n"),
            Change("created empty", null, ""),
            Change("deleted", "x\ny\n", null),
            Change("emptied", "x\n", ""),
            Change("mode", "x\n", "x\n", Plain, Executable),
            Change("mode and content", "x\n", "y\n", Plain, Executable),
            Change("name with blanks", "x\n", "y\n"),
            Change("a \"name\" with both", "x\n", "y\n"),
            Change("na\"me\\\n\u00e9\t", "x\n", "y\n"),
            Change("binary", "x\n", "x\0"),
            Change("binary new", null, "\0"),
            Change("binary gone", "gone\0", null),
            Change("becomes link", "x\n", "x", kind: EntryKind.Link),
            Rename("old name", "re-named", "the same\ncontent\n"),
            Change("deep/er/file", "x", "x\n"),
        };
        Assert.Equal(OfGit(changes), Of(changes));

        // A binary file has to be brought by other means.
        var texts = Of([.. changes.Where(c => !c.File.Path.StartsWith("binary", StringComparison.Ordinal))]);
        File.WriteAllText(_folder.Under("diff"), texts, Encoding.Latin1);
        Git("reset", "-q", "--hard");
        Git("apply", "--index", "--whitespace=nowarn", "diff");
        Assert.Equal(texts, Staged());
        Git("apply", "--index", "--whitespace=nowarn", "-R", "diff");
        Assert.Equal("?? diff\n", Git("status", "--porcelain"));
    }

    [Fact]
    public void A_mode_that_git_does_not_know_is_told_as_well() =>
        Assert.Equal("diff --git a/x b/x\nold mode 100644\nnew mode 100600\n", Of(Change("x", "x", "x", Plain, 0b110_000_000)));

    [Fact]
    public void Git_takes_each_forwards_and_back()
    {
        var random = new Random(20261128);
        ChangedContent Edited(string path, string text) => Change(path, text, Text(random, text));
        for (var round = 0; round < 60; round++)
        {
            var changes = Enumerable.Range(0, 4).Select(i => Change($"f{round}-{i}", Text(random, null), Text(random, null))).ToList();
            changes.AddRange(Enumerable.Range(4, 4).Select(i => Edited($"f{round}-{i}", Text(random, null))));
            Assert.All(changes, c => Write(c.File.Path, c.Before!));
            File.WriteAllText(_folder.Under("diff"), Of([.. changes.Where(c => c.File.Before != c.File.After)]), Encoding.Latin1);
            if (new FileInfo(_folder.Under("diff")).Length == 0) continue;
            Git("apply", "--whitespace=nowarn", "diff");
            Assert.All(changes, c => Assert.Equal(c.After, File.ReadAllBytes(_folder.Under(c.File.Path))));
            Git("apply", "--whitespace=nowarn", "-R", "diff");
            Assert.All(changes, c => Assert.Equal(c.Before, File.ReadAllBytes(_folder.Under(c.File.Path))));
        }
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(3_000)]
    public void Whoever_compares_them_lines_are_counted_and_git_takes_them(int lines)
    {
        var before = string.Concat(Enumerable.Range(0, lines).Select(i => $"{i}\n"));
        var after = before.Replace("\n7\n", "\n-- seven\ndiff --git a/0 b/0\n", StringComparison.Ordinal)[..^1];
        var changes = new[] { Change("x", before, after), Change("new", null, after), Change("old", before, null), Change("y", "1\n", "2\n") };
        Assert.Equal(OfGit(changes), Of(changes));
        using var place = FolderHandle.Open(_folder.Path);
        var (_, added, removed) = UnifiedDiff.Of(changes, place);
        Assert.Equal((lines + 1 + 3 + 1, lines + 2 + 1), (added, removed));
    }

    [Fact]
    public void A_mode_that_git_does_not_know_is_told_of_a_long_file_as_well()
    {
        var text = string.Concat(Enumerable.Range(0, 3_000).Select(i => $"{i}\n"));
        Assert.Equal("diff --git a/x b/x\nold mode 100644\nnew mode 100600\n", Of(Change("x", text, text, Plain, 0b110_000_000)));
    }

    private static string Text(Random random, string? like)
    {
        var lines = like?.Split('\n').ToList() ?? [.. Enumerable.Range(0, random.Next(30)).Select(_ => Lines[random.Next(Lines.Length)])];
        for (var edits = like is null ? 0 : random.Next(4); edits > 0; edits--) lines.Insert(random.Next(lines.Count), Lines[random.Next(Lines.Length)]);
        return string.Join('\n', lines) + (like is null && random.Next(2) == 0 ? "\n" : "");
    }

    private string Of(params ChangedContent[] changes)
    {
        using var place = FolderHandle.Open(_folder.Path);
        return Encoding.Latin1.GetString(UnifiedDiff.Of(changes.OrderBy(c => c.File.Path, StringComparer.Ordinal), place).Diff);
    }

    private string OfGit(IReadOnlyCollection<ChangedContent> changes)
    {
        foreach (var change in changes.Where(c => c.Before is not null)) Write(change.File.From ?? change.File.Path, change.Before!, change.File.Before!);
        Git("add", "-A");
        Git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "before");
        foreach (var change in changes.Where(c => c.Before is not null)) File.Delete(_folder.Under(change.File.From ?? change.File.Path));
        foreach (var change in changes.Where(c => c.After is not null)) Write(change.File.Path, change.After!, change.File.After!);
        Git("add", "-A");
        return Staged();
    }

    private string Staged() => Heading().Replace(Git("diff", "--cached", "--full-index", "--find-renames=100%", "--no-ext-diff"), "");

    private void Write(string path, byte[] content, FileVersion? version = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.Under(path))!);
        if (version is { Kind: EntryKind.Link }) File.CreateSymbolicLink(_folder.Under(path), Encoding.UTF8.GetString(content));
        else File.WriteAllBytes(_folder.Under(path), content);
        if (version is { Kind: EntryKind.File }) File.SetUnixFileMode(_folder.Under(path), (UnixFileMode)version.Mode);
    }

    private static ChangedContent Rename(string from, string to, string text)
    {
        var change = Change(to, text, text);
        return change with { File = change.File with { From = from, Change = ChangeKind.Renamed } };
    }

    private static ChangedContent Change(
        string path, string? before, string? after, int was = Plain, int now = Plain, EntryKind kind = EntryKind.File)
    {
        var (old, fresh) = (before is null ? null : Encoding.UTF8.GetBytes(before), after is null ? null : Encoding.UTF8.GetBytes(after));
        var file = new FileChange(path, ChangeKind.Modified, null, Version(old, was, EntryKind.File), Version(fresh, now, kind));
        return new ChangedContent(file, old, fresh);

        static FileVersion? Version(byte[]? content, int mode, EntryKind kind) =>
            content is null ? null : new FileVersion(kind, kind == EntryKind.Link ? 0x1FF : mode, content.Length, Digest.Of(content));
    }

    private string Git(params string[] words)
    {
        var start = new ProcessStartInfo("git", ["-C", _folder.Path, .. words])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return output;
    }

    /// <summary>What git shows behind the numbers of a hunk is no part of it.</summary>
    [GeneratedRegex("(?<=^@@ [^@\n]* @@).*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Heading();
}
