using System.Diagnostics;
using Assay.Engine.Performers;
using Assay.Engine.Performers.Trees;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Native;

namespace Assay.Tests.Performers.Trees;

/// <summary>
/// Copies that are kept for the next attempt: whatever was done to them and to their tree, they are as new ones would be.
/// </summary>
public sealed class KeptCopiesTests : IAsyncLifetime
{
    private static readonly StreamName Stream = StreamName.Of("test", "tree");

    private readonly TemporaryFolder _folder = new();
    private Workspace? _workspace;
    private int _attempts;
    private CopyOutcome? _copied;

    private Workspace Workspace => _workspace!;

    private string Tree => _folder.Under("tree");

    public async ValueTask InitializeAsync()
    {
        _workspace = await Workspace.OpenAsync(_folder.Under("ws"), new LaneSet());
        foreach (var path in Enumerable.Range(0, 40).Select(i => Path.Combine(Tree, $"d{i % 5}", "deep", $"f{i}.txt")))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, $"{path}\n");
        }

        File.CreateSymbolicLink(Path.Combine(Tree, "link"), "d0");
        Directory.CreateDirectory(Path.Combine(Tree, "empty"));
        TreeFiles.Rest();
    }

    public async ValueTask DisposeAsync()
    {
        await Workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Copies_are_kept_and_lent_again()
    {
        var first = await CopyAsync();
        var inode = Stat(Path.Combine(first, "base", "d0", "deep", "f0.txt")).Stamp.Inode;
        await ReleaseAsync();
        Assert.False(Directory.Exists(Path.GetDirectoryName(first)));
        Assert.Single(Kept());
        var second = await CopyAsync();
        Assert.NotEqual(first, second);
        Assert.Equal(inode, Stat(Path.Combine(second, "base", "d0", "deep", "f0.txt")).Stamp.Inode);
        Assert.Empty(Kept());
        AssertLikeTree(second);
    }

    [Theory]
    [MemberData(nameof(Touches))]
    public async Task Whatever_was_touched_is_as_new(string what)
    {
        var copy = await CopyAsync();
        var (tree, work, kept) = (Tree, Path.Combine(copy, "work"), Path.Combine(copy, "base"));
        All[what](tree, work, kept);
        await ReleaseAsync();
        var next = await CopyAsync();
        AssertLikeTree(next);
        Assert.Equal(["1"], Shell($"find {next}/work -type f -printf '%n\\n' | sort -u").Split('\n'));

        // And as before in the attempt after it, when nobody has touched anything.
        await ReleaseAsync();
        AssertLikeTree(await CopyAsync());
    }

    public static TheoryData<string> Touches() => [.. All.Keys];

    private static readonly Dictionary<string, Action<string, string, string>> All = new(StringComparer.Ordinal)
    {
        ["nothing"] = (_, _, _) => { },
        ["tree: changed"] = (tree, _, _) => File.WriteAllText(Path.Combine(tree, "d1", "deep", "f1.txt"), "another\n"),
        ["tree: mode"] = (tree, _, _) => File.SetUnixFileMode(Path.Combine(tree, "d1", "deep", "f1.txt"), UnixFileMode.UserRead | UnixFileMode.UserExecute),
        ["tree: gone, new, folders"] = (tree, _, _) =>
        {
            Directory.Delete(Path.Combine(tree, "d2"), recursive: true);
            Directory.Delete(Path.Combine(tree, "empty"));
            Directory.CreateDirectory(Path.Combine(tree, "new", "empty"));
            File.WriteAllText(Path.Combine(tree, "new", "file"), "new\n");
            File.Delete(Path.Combine(tree, "link"));
            File.CreateSymbolicLink(Path.Combine(tree, "link"), "d3");
        },
        ["tree: file and folder change places"] = (tree, _, _) =>
        {
            Directory.Delete(Path.Combine(tree, "d2"), recursive: true);
            File.WriteAllText(Path.Combine(tree, "d2"), "a file\n");
            File.Delete(Path.Combine(tree, "d1", "deep", "f1.txt"));
            Directory.CreateDirectory(Path.Combine(tree, "d1", "deep", "f1.txt"));
        },
        ["tree: a pipe"] = (tree, _, _) => Shell($"mkfifo {tree}/pipe"),
        ["work: changed, same size and time"] = (_, work, _) =>
        {
            var path = Path.Combine(work, "d0", "deep", "f5.txt");
            var (time, length) = (File.GetLastWriteTimeUtc(path), new FileInfo(path).Length);
            File.WriteAllText(path, new string('x', (int)length));
            File.SetLastWriteTimeUtc(path, time);
        },
        ["work: gone, new, nested repository, pipe"] = (_, work, _) =>
        {
            Directory.Delete(Path.Combine(work, "d3"), recursive: true);
            Directory.CreateDirectory(Path.Combine(work, "build", "out"));
            File.WriteAllText(Path.Combine(work, "build", "out", "a.o"), "object");
            Directory.CreateDirectory(Path.Combine(work, "d0", ".git"));
            File.WriteAllText(Path.Combine(work, "d0", ".git", "config"), "[core]\n");
            Directory.CreateDirectory(Path.Combine(work, ".git"));
            File.WriteAllText(Path.Combine(work, ".git", "config"), "[core]\n");
            Shell($"mkfifo {work}/pipe {work}/d1/pipe");
        },
        ["work: a folder is a link now"] = (_, work, _) =>
        {
            Directory.Delete(Path.Combine(work, "d3"), recursive: true);
            File.CreateSymbolicLink(Path.Combine(work, "d3"), "/etc");
            Directory.Delete(Path.Combine(work, "empty"));
            File.CreateSymbolicLink(Path.Combine(work, "empty"), "/usr");
        },
        ["work: modes of files and folders"] = (_, work, _) =>
            Shell($"chmod 600 {work}/d0/deep/f0.txt; chmod 700 {work}/d1; chmod 000 {work}/d2/deep; chmod 777 {work}"),
        ["work: hard links"] = (_, work, _) => Shell($"ln {work}/d0/deep/f0.txt {work}/d0/deep/other; ln -f {work}/d0/deep/f0.txt {work}/d1/deep/f1.txt"),
        ["work: attributes"] = (_, work, _) =>
            Shell($$"""
                for path in {{work}}/d0/deep/f0.txt {{work}}/d1; do
                  perl -e 'my ($path, $name, $value) = (@ARGV, "user.seen", "1"); syscall(188, $path, $name, $value, 1, 0) == 0 or die "$!"' $path || exit 1
                done
                """),
        ["base: changed, new"] = (_, _, kept) =>
        {
            File.WriteAllText(Path.Combine(kept, "d4", "deep", "f4.txt"), "forged\n");
            File.WriteAllText(Path.Combine(kept, "d4", "planted"), "planted\n");
            Directory.CreateDirectory(Path.Combine(kept, ".git"));
        },
        ["all, the same file"] = (tree, work, kept) =>
        {
            foreach (var top in new[] { tree, work, kept }) File.WriteAllText(Path.Combine(top, "d0", "deep", "f0.txt"), $"{top}\n");
        },
        ["all, the same new folder"] = (tree, work, kept) =>
        {
            foreach (var top in new[] { tree, work, kept })
            {
                Directory.CreateDirectory(Path.Combine(top, "made"));
                File.WriteAllText(Path.Combine(top, "made", "file"), $"{top}\n");
                if (top != tree) Shell($"chmod 700 {top}/made");
            }
        },
        ["a note"] = (_, work, _) => File.AppendAllText(Path.Combine(Path.GetDirectoryName(work)!, "work.snapshot"), "more"),
        ["no note"] = (_, work, _) => File.Delete(Path.Combine(Path.GetDirectoryName(work)!, "base.snapshot")),
        ["rests of tests"] = (_, work, _) =>
        {
            Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(work)!, "test-other"));
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(work)!, "notes"), "rest");
        },
    };

    [Fact]
    public async Task What_was_tested_is_taken_out_again_also_where_it_is_not_looked_for()
    {
        for (var i = 0; i < 4; i++)
        {
            var copy = await CopyAsync();
            AssertLikeTree(copy);
            await ChangeAsync(copy, i);
            await ReleaseAsync(isChecked: true);
        }

        AssertLikeTree(await CopyAsync());
    }

    [Theory]
    [InlineData("chmod 700 d1")]
    [InlineData("chmod 777 .")]
    [InlineData("touch -d 2001-01-01 d1/deep/f1.txt")]
    public async Task What_a_test_touched_that_is_no_content_is_as_new_for_the_next_attempt(string command)
    {
        for (var i = 0; i < 2; i++)
        {
            var copy = await CopyAsync();
            TreeFiles.Rest();
            await PerformAsync(new PreparePerformer(Workspace), new PrepareCopy("p") { Folder = InWorkspace(copy), Changes = null });
            Shell($"cd {copy}/base && {command}");
            var check = new CheckCopy("k") { Folder = InWorkspace(copy), Name = "base", Origin = Tree };
            var told = ((CheckOutcome)(await PerformAsync(new CheckPerformer(Workspace), check)).Outcome).Files;
            Assert.Equal(command.StartsWith("chmod", StringComparison.Ordinal) ? [command.Split(' ')[2]] : [], told);
            AssertLikeTree(copy);
            Assert.NotEqual(2001, File.GetLastWriteTimeUtc(Path.Combine(copy, "base", "d1", "deep", "f1.txt")).Year);
            await ReleaseAsync(isChecked: true);
            await File.WriteAllTextAsync(Path.Combine(Tree, "d1", "deep", "f1.txt"), $"by a person {i}\n");
        }

        AssertLikeTree(await CopyAsync());
    }

    [Theory]
    [InlineData("chmod 0700 d1/deep")]
    [InlineData("echo forged > d1/deep/f1.txt")]
    public async Task The_copy_that_nobody_was_to_touch_is_compared_before_a_change_is_tested_in_it(string command)
    {
        var copy = await CopyAsync();
        Shell($"cd {copy}/base && {command}");
        var prepared = await PerformAsync(new PreparePerformer(Workspace), new PrepareCopy("p") { Folder = InWorkspace(copy), Changes = null });
        Assert.Contains("is not as it was (d1/deep", ((ApplyOutcome)prepared.Outcome).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_was_touched_after_its_last_check_fails_the_attempt_that_has_it_and_then_is_as_new()
    {
        await CopyAsync();
        await ReleaseAsync(isChecked: true);
        await File.WriteAllTextAsync(Path.Combine(Assert.Single(Kept()), "base", "d4", "deep", "f4.txt"), "forged\n");
        var copy = await MakeAsync();
        var prepared = await PerformAsync(new PreparePerformer(Workspace), new PrepareCopy("p") { Folder = InWorkspace(copy), Changes = null });
        Assert.Contains("is not as it was (d4/deep/f4.txt)", ((ApplyOutcome)prepared.Outcome).Problem, StringComparison.Ordinal);
        await ReleaseAsync();
        AssertLikeTree(await CopyAsync());
    }

    /// <summary>
    /// Changes, makes and removes files in the copy to work in, and tests that in the other one, in which the test leaves something.
    /// </summary>
    private async Task ChangeAsync(string copy, int number)
    {
        await File.WriteAllTextAsync(Path.Combine(copy, "work", "d0", "deep", "f0.txt"), $"{number}\n");
        Directory.CreateDirectory(Path.Combine(copy, "work", "new", $"{number}"));
        await File.WriteAllTextAsync(Path.Combine(copy, "work", "new", $"{number}", "file"), $"{number}\n");
        Directory.Delete(Path.Combine(copy, "work", "d2"), recursive: true);
        var captured = await PerformAsync(new CapturePerformer(Workspace), new CaptureChanges("c") { Folder = InWorkspace(copy), Origin = Tree });
        var stream = StreamName.Of("test", $"change{number}");
        var head = StreamHead.Empty(stream);
        var events = EventEnvelope.Seal(stream, head, [new EffectStarted("e", 1, "s", "host", "boot")], DateTimeOffset.UtcNow, EffectEvents.Catalog());
        await Workspace.Store.CommitAsync(new Commit([new StreamAppend(stream, head, events)]) { Blobs = captured.Blobs });
        var changes = ((ChangesOutcome)captured.Outcome).ChangesSha256;
        var prepare = new PrepareCopy("p") { Folder = InWorkspace(copy), Changes = changes };
        var prepared = (ApplyOutcome)(await PerformAsync(new PreparePerformer(Workspace), prepare)).Outcome;
        Assert.Null(prepared.Problem);
        await File.WriteAllTextAsync(Path.Combine(copy, "base", "d1", "deep", "f1.txt"), "by a test\n");
        await File.WriteAllTextAsync(Path.Combine(copy, "base", "left"), "by a test\n");
        var check = new CheckCopy("k") { Folder = InWorkspace(copy), Name = "base", Origin = Tree };
        Assert.Equal(2, ((CheckOutcome)(await PerformAsync(new CheckPerformer(Workspace), check)).Outcome).Count);
    }

    [Fact]
    public async Task A_process_that_comes_after_reads_what_was_noted()
    {
        ulong? inode = null;
        for (var i = 0; i < 3; i++)
        {
            var copy = await CopyAsync();
            SnapshotMemory.Forget(Workspace.Root);
            AssertLikeTree(copy);
            await File.WriteAllTextAsync(Path.Combine(copy, "work", "d0", "deep", "f0.txt"), $"{i}\n");
            await File.WriteAllTextAsync(Path.Combine(copy, "work", $"new{i}"), $"{i}\n");
            var captured = await PerformAsync(new CapturePerformer(Workspace), new CaptureChanges("c") { Folder = InWorkspace(copy), Origin = Tree });
            Assert.Equal((null, 2), (((ChangesOutcome)captured.Outcome).Problem, ((ChangesOutcome)captured.Outcome).Files));
            var prepared = await PerformAsync(new PreparePerformer(Workspace), new PrepareCopy("p") { Folder = InWorkspace(copy), Changes = null });
            Assert.Null(((ApplyOutcome)prepared.Outcome).Problem);
            SnapshotMemory.Forget(Workspace.Root);
            await File.WriteAllTextAsync(Path.Combine(copy, "base", "d0", "deep", "f0.txt"), "by a test\n");
            var untouched = Stat(Path.Combine(copy, "base", "d3", "deep", "f3.txt")).Stamp.Inode;
            Assert.Equal(inode ?? untouched, untouched);
            inode = untouched;
            var check = new CheckCopy("k") { Folder = InWorkspace(copy), Name = "base", Origin = Tree };
            Assert.Equal(["d0/deep/f0.txt"], ((CheckOutcome)(await PerformAsync(new CheckPerformer(Workspace), check)).Outcome).Files);
            await ReleaseAsync(isChecked: i > 0);
            await File.WriteAllTextAsync(Path.Combine(Tree, "d1", "deep", "f1.txt"), $"by a person {i}\n");
            SnapshotMemory.Forget(Workspace.Root);
        }

        AssertLikeTree(await CopyAsync());
    }

    [Fact]
    public async Task Copies_that_were_cut_short_are_not_kept()
    {
        var copy = await CopyAsync();
        File.Delete(Path.Combine(copy, "whole"));
        await ReleaseAsync();
        Assert.Empty(Kept());
        AssertLikeTree(await CopyAsync());
    }

    [Fact]
    public async Task What_was_touched_while_nobody_had_it_is_as_new()
    {
        await CopyAsync();
        await ReleaseAsync();
        var kept = Assert.Single(Kept());
        await File.WriteAllTextAsync(Path.Combine(kept, "base", "d0", "deep", "f0.txt"), "forged\n");
        await File.WriteAllTextAsync(Path.Combine(kept, "work", "d0", "deep", "f5.txt"), "forged\n");
        AssertLikeTree(await CopyAsync());
    }

    [Fact]
    public async Task Only_some_are_kept_of_one_tree_and_none_for_another()
    {
        for (var i = 0; i < 6; i++) await CopyAsync();
        for (var i = 6; i >= 1; i--) await ReleaseAsync(i);
        Assert.Equal(4, Kept().Length);
        await File.WriteAllTextAsync(Path.Combine(Tree, "d0", "key"), "secret\n");
        var other = await CopyAsync("d0/key");
        Assert.Equal(4, Kept().Length);
        Assert.False(File.Exists(Path.Combine(other, "work", "d0", "key")));
    }

    [Fact]
    public async Task A_copy_of_a_repository_has_its_history_of_today_and_nothing_of_an_attempt_before()
    {
        Shell($"cd {Tree} && git init -q && git add -A && {Commit} first");
        var copy = await CopyAsync();
        Shell($"cd {copy}/work && git config core.fsmonitor /bin/evil && touch .git/hooks-were-here && {Commit} evil --allow-empty");
        await ReleaseAsync();
        copy = await CopyAsync();
        Assert.Equal("first", Shell($"cd {copy}/work && git log --format=%s"));
        Assert.Equal("", Shell($"cd {copy}/work && git status --porcelain; git config core.fsmonitor || true"));
        Assert.False(File.Exists(Path.Combine(copy, "work", ".git", "hooks-were-here")));
        Shell($"cd {Tree} && {Commit} second --allow-empty");
        await ReleaseAsync();
        copy = await CopyAsync();
        Assert.Equal("second\nfirst", Shell($"cd {copy}/work && git log --format=%s"));
        Assert.Equal("second\nfirst", Shell($"cd {copy}/base && git log --format=%s"));
        AssertLikeTree(copy);
    }

    private const string Commit = "git -c user.name=a -c user.email=a@example.invalid commit -q -m";

    private string[] Kept() => Directory.Exists(_folder.Under("ws", "kept"))
        ? [.. Directory.EnumerateDirectories(_folder.Under("ws", "kept")).SelectMany(Directory.EnumerateDirectories)]
        : [];

    private async Task<string> CopyAsync(params string[] exclude)
    {
        var copy = await MakeAsync(exclude);
        using var kept = FolderHandle.Open(Path.Combine(copy, "base"));
        Assert.Equal(TreeSnapshot.Take(kept).Sha256(), _copied!.TreeSha256);
        return copy;
    }

    private async Task<string> MakeAsync(params string[] exclude)
    {
        var effect = new CopyTree("copy") { From = Tree, To = $"trees/t/{++_attempts}/copy", Exclude = [.. exclude] };
        _copied = (CopyOutcome)(await PerformAsync(new CopyPerformer(Workspace), effect)).Outcome;
        Assert.Null(_copied.Problem);
        return Path.Combine(Workspace.Root, _copied.Folder);
    }

    private async Task ReleaseAsync(int? attempt = null, bool isChecked = false)
    {
        var effect = new ReleaseCopies("clean") { Folder = $"trees/t/{attempt ?? _attempts}", From = Tree, IsChecked = isChecked };
        Assert.True(((FilesOutcome)(await PerformAsync(new ReleasePerformer(Workspace), effect)).Outcome).Complete);
        Assert.False(Directory.Exists(Path.Combine(Workspace.Root, effect.Folder)));
    }

    private string InWorkspace(string path) => Path.GetRelativePath(Workspace.Root, path);

    private void AssertLikeTree(string copy)
    {
        Assert.Equal(Listing(Tree, ["pipe"]), Listing(Path.Combine(copy, "work"), []));
        Assert.Equal(Listing(Tree, ["pipe"]), Listing(Path.Combine(copy, "base"), []));
        foreach (var top in new[] { "work", "base" })
        {
            Assert.Equal(File.GetUnixFileMode(copy), File.GetUnixFileMode(Path.Combine(copy, top)));
            var own = new DirectoryInfo(Path.Combine(copy, top));
            Assert.Empty(own.EnumerateDirectories().SelectMany(d => d.EnumerateFileSystemInfos(".git", SearchOption.AllDirectories)));
            Assert.Equal(Path.Exists(Path.Combine(Tree, ".git")), Path.Exists(Path.Combine(copy, top, ".git")));
        }
    }

    /// <summary>Every path with its kind, mode and content.</summary>
    private static string[] Listing(string top, string[] without)
    {
        var lines = new List<string>();
        foreach (var entry in new DirectoryInfo(top).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Where(e => e.Name != ".git"))
        {
            var path = Path.GetRelativePath(top, entry.FullName);
            if (without.Contains(path) || path.StartsWith(".git/", StringComparison.Ordinal)) continue;
            var found = Stat(entry.FullName);
            lines.Add(found.Kind switch
            {
                FileKind.Link => $"{path} -> {entry.LinkTarget}",
                FileKind.Folder => $"{path}/ {FolderMode(entry.FullName)}",
                FileKind.File => $"{path} {found.Mode} {Digest.Of(File.ReadAllBytes(entry.FullName))}",
                _ => $"{path} {found.Kind}",
            });
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>Copies have their own; attributes of a folder are on none.</summary>
    private static string FolderMode(string path)
    {
        using var folder = FolderHandle.Open(path);
        return folder.HasAttributes() ? "with attributes" : $"{folder.Itself().Mode}";
    }

    private static FileStat Stat(string path) => FileStat.Of(path)!.Value;

    private static string Shell(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }

    private static Task<EffectResult> PerformAsync(IEffectPerformer performer, Effect effect) =>
        performer.PerformAsync(new Attempt(Stream, effect, 1, static _ => { }), CancellationToken.None);
}
