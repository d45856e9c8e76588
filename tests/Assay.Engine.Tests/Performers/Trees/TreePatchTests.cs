using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Assay.Engine.Performers;
using Assay.Engine.Performers.Trees;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Native;

namespace Assay.Tests.Performers.Trees;

/// <summary>Copies of trees, what changed in them, and bringing a change into a tree, on a real file system.</summary>
public sealed class TreePatchTests : IDisposable
{
    private static readonly StreamName Stream = StreamName.Of("test", "tree");

    /// <summary>A user more who may do all with a file, and with whatever is made in a folder (acl(5)).</summary>
    private const string AccessLists =
        """
        import os, struct, sys
        def entries(*all): return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in all)
        nobody = 0xffffffff
        os.setxattr(sys.argv[1], 'system.posix_acl_access', entries((1, 7, nobody), (2, 7, 4321), (4, 5, nobody), (16, 5, nobody), (32, 5, nobody)))
        os.setxattr(sys.argv[2], 'system.posix_acl_default', entries((1, 7, nobody), (2, 7, 4321), (4, 5, nobody), (16, 7, nobody), (32, 5, nobody)))
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<Digest, byte[]> _blobs = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Everything_that_changed_is_captured_applied_and_taken_back()
    {
        var tree = Tree();
        var before = Sha256(tree);
        var (changes, work) = await ChangeAsync(tree, work =>
        {
            File.WriteAllText(Path.Combine(work, "same-size.txt"), "four");
            File.WriteAllText(Path.Combine(work, "new.txt"), "new\n");
            File.Delete(Path.Combine(work, "gone.txt"));
            File.Move(Path.Combine(work, "deep", "moved.txt"), Path.Combine(work, "moved-here.txt"));
            File.SetUnixFileMode(Path.Combine(work, "mode.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
            File.CreateSymbolicLink(Path.Combine(work, "link"), "new.txt");
            File.Delete(Path.Combine(work, "file-then-folder"));
            Directory.CreateDirectory(Path.Combine(work, "file-then-folder"));
            File.WriteAllBytes(Path.Combine(work, "file-then-folder", "bin"), [0, 1, 2, 255]);
        });
        Assert.Equal(
            [
                "created file-then-folder/bin", "deleted file-then-folder", "deleted gone.txt", "created link", "mode mode.sh", "renamed moved-here.txt", "created new.txt", "modified same-size.txt",
            ],
            changes.Files.OrderBy(f => f.Path.Replace("file-then-folder/", "a", StringComparison.Ordinal), StringComparer.Ordinal).Select(f => $"{f.Change.ToString().ToLowerInvariant()} {f.Path}"));
        Assert.True((await ApplyAsync(tree, changes)).Applied);
        Assert.Equal(Sha256(work), Sha256(tree));
        Assert.True((await ApplyAsync(tree, changes)).Applied);
        Assert.True((await ApplyAsync(tree, changes, reverse: true)).Applied);
        Assert.Equal(before, Sha256(tree));
    }

    [Fact]
    public async Task A_folder_whose_place_a_link_takes_comes_in_and_goes_back()
    {
        var tree = Tree();
        var before = Sha256(tree);
        var (changes, work) = await ChangeAsync(tree, work =>
        {
            Directory.Delete(Path.Combine(work, "deep"), recursive: true);
            File.CreateSymbolicLink(Path.Combine(work, "deep"), "mode.sh");
        });
        var applied = await ApplyAsync(tree, changes);
        Assert.Null(applied.Problem);
        Assert.Equal(Sha256(work), Sha256(tree));
        Assert.Null((await ApplyAsync(tree, changes, reverse: true)).Problem);
        Assert.Equal(before, Sha256(tree));
    }

    [Fact]
    public async Task What_a_person_attached_to_a_file_stays_with_it_but_nothing_that_acts_for_somebody_else()
    {
        if (Libc.GetEUid() != 0) Assert.Skip("only root gives files away");
        var tree = Tree();
        var path = Path.Combine(tree, "same-size.txt");
        Run("chown", "1234:2345", path);
        Run("python3", "-c", "import os, sys; os.setxattr(sys.argv[1], 'user.note', b'mine')", path);
        Run("python3", "-c", AccessLists, path, Path.Combine(tree, "deep"));
        Run("chmod", "6755", path);
        var (changes, _) = await ChangeAsync(tree, work =>
        {
            File.WriteAllText(Path.Combine(work, "same-size.txt"), "changed\n");
            File.SetUnixFileMode(Path.Combine(work, "same-size.txt"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
            File.WriteAllText(Path.Combine(work, "deep", "moved.txt"), "changed\n");
        });
        Assert.Null((await ApplyAsync(tree, changes)).Problem);
        Assert.Equal("1234:2345 440 mine 1:4 2:7 4:5 10:4 20:0", Attached(path));
        Assert.DoesNotContain(":", Attached(Path.Combine(tree, "deep", "moved.txt")).Split(" ", 2)[1], StringComparison.Ordinal);
        Assert.Null((await ApplyAsync(tree, changes, reverse: true)).Problem);
        Assert.Equal("1234:2345 755 mine 1:7 2:7 4:5 10:5 20:5", Attached(path));

        static string Attached(string path)
        {
            const string script =
                """
                import os, struct, sys
                def value(name):
                    try: return os.getxattr(sys.argv[1], name)
                    except OSError: return b''
                s, list = os.stat(sys.argv[1]), value('system.posix_acl_access')
                print(f'{s.st_uid}:{s.st_gid} {s.st_mode & 0o7777:o}', value('user.note').decode(),
                    *(f'{tag:x}:{bits}' for tag, bits, _ in struct.iter_unpack('<HHI', list[4:])), end='')
                """;
            return Run("python3", "-c", script, path);
        }

        static string Run(string program, params string[] words)
        {
            using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return said;
        }
    }

    [Fact]
    public async Task When_one_file_has_moved_on_nothing_is_touched()
    {
        var tree = Tree();
        var (changes, _) = await ChangeAsync(tree, work =>
        {
            foreach (var name in new[] { "same-size.txt", "gone.txt", "mode.sh" }) File.WriteAllText(Path.Combine(work, name), "changed\n");
        });
        File.WriteAllText(Path.Combine(tree, "mode.sh"), "somebody else\n");
        var before = Sha256(tree);
        var outcome = await ApplyAsync(tree, changes);
        Assert.Equal((false, before), (outcome.Applied, Sha256(tree)));
        Assert.StartsWith("mode.sh has another content or mode now", outcome.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_stands_in_the_way_now_is_not_followed()
    {
        var tree = Tree();
        var (changes, _) = await ChangeAsync(tree, work => File.WriteAllText(Path.Combine(work, "deep", "new.txt"), "x"));
        Directory.CreateDirectory(_folder.Under("elsewhere"));
        Directory.Delete(Path.Combine(tree, "deep"), recursive: true);
        Directory.CreateSymbolicLink(Path.Combine(tree, "deep"), _folder.Under("elsewhere"));
        Assert.False((await ApplyAsync(tree, changes)).Applied);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Under("elsewhere")));
    }

    [Fact]
    public async Task A_change_of_the_same_size_with_its_time_set_back_is_seen()
    {
        var tree = Tree();
        var (changes, _) = await ChangeAsync(tree, work =>
        {
            var path = Path.Combine(work, "same-size.txt");
            var time = File.GetLastWriteTimeUtc(path);
            File.WriteAllText(path, "evil");
            File.SetLastWriteTimeUtc(path, time);
        });
        Assert.Equal("same-size.txt", Assert.Single(changes.Files).Path);
    }

    [Fact]
    public async Task A_merge_joins_what_does_not_touch_and_refuses_what_does()
    {
        var tree = Tree();
        var lines = string.Concat(Enumerable.Range(1, 20).Select(i => $"line {i}\n"));
        File.WriteAllText(Path.Combine(tree, "long.txt"), lines);
        var (changes, _) = await ChangeAsync(tree, work => File.WriteAllText(Path.Combine(work, "long.txt"), lines.Replace("line 3\n", "three\n", StringComparison.Ordinal)));
        File.WriteAllText(Path.Combine(tree, "long.txt"), lines.Replace("line 17\n", "seventeen\n", StringComparison.Ordinal));
        Assert.False((await ApplyAsync(tree, changes)).Applied);
        Assert.Equal(["long.txt"], (await ApplyAsync(tree, changes, merge: true)).Merged);
        Assert.Equal(lines.Replace("line 3\n", "three\n", StringComparison.Ordinal).Replace("line 17\n", "seventeen\n", StringComparison.Ordinal), File.ReadAllText(Path.Combine(tree, "long.txt")));
        File.WriteAllText(Path.Combine(tree, "long.txt"), lines.Replace("line 3\n", "drei\n", StringComparison.Ordinal));
        Assert.Contains("cannot be merged", (await ApplyAsync(tree, changes, merge: true)).Problem, StringComparison.Ordinal);
        Assert.Contains("drei", File.ReadAllText(Path.Combine(tree, "long.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_merged_is_taken_back_to_what_it_was_before_the_merge()
    {
        var tree = Tree();
        var lines = string.Concat(Enumerable.Range(1, 20).Select(i => $"line {i}\n"));
        File.WriteAllText(Path.Combine(tree, "long.txt"), lines);
        var (changes, _) = await ChangeAsync(tree, work =>
        {
            File.WriteAllText(Path.Combine(work, "long.txt"), lines.Replace("line 3\n", "three\n", StringComparison.Ordinal));
            File.Delete(Path.Combine(work, "gone.txt"));
        });
        File.WriteAllText(Path.Combine(tree, "long.txt"), lines.Replace("line 17\n", "seventeen\n", StringComparison.Ordinal));
        var before = Sha256(tree);
        var made = (await ApplyAsync(tree, changes, merge: true)).Changes!.Value;
        Assert.False((await ApplyAsync(tree, changes, reverse: true)).Applied);
        Assert.True((await ApplyAsync(tree, ChangeSet.Read(_blobs[made]), reverse: true)).Applied);
        Assert.Equal(before, Sha256(tree));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_edit_that_is_made_while_a_change_comes_in_is_never_lost(bool canSwap)
    {
        const int files = 40;
        FolderHandle.HasSwap = canSwap;
        try
        {
            var tree = Tree();
            for (var i = 0; i < files; i++) File.WriteAllText(Path.Combine(tree, $"f{i}"), "before");
            var (changes, _) = await ChangeAsync(tree, work =>
            {
                for (var i = 0; i < files; i++) File.WriteAllText(Path.Combine(work, $"f{i}"), "after");
            });
            var (random, applied, refused) = (new Random(13), 0, 0);
            for (var round = 0; round < 60; round++)
            {
                var (path, text) = (Path.Combine(tree, $"f{random.Next(files)}"), $"by a person, {round}");
                var apply = Task.Run(() => ApplyAsync(tree, changes));
                await Task.Delay(random.Next(80));
                Edit(path, text, inPlace: round % 2 == 0);
                var outcome = await apply;
                if (outcome.Kept is not null) File.Move(path + ".orig", path, overwrite: true);
                Assert.Equal(text, File.ReadAllText(path));
                Assert.Empty(Directory.EnumerateFiles(tree, ".assay-*"));
                var rest = Enumerable.Range(0, files).Select(i => Path.Combine(tree, $"f{i}")).Where(p => p != path).Select(File.ReadAllText).Distinct();
                Assert.Equal(outcome.Applied ? "after" : "before", Assert.Single(rest));
                if (outcome.Applied) applied++;
                else refused++;
                for (var i = 0; i < files; i++) File.WriteAllText(Path.Combine(tree, $"f{i}"), "before");
            }

            Assert.True(applied > 0 && refused > 0, $"applied {applied}, refused {refused}: the edits came at no interesting time");
        }
        finally
        {
            FolderHandle.HasSwap = true;
        }
    }

    [Fact]
    public async Task A_change_that_was_cut_short_is_taken_back_when_it_cannot_be_ended()
    {
        var tree = Tree();
        var (changes, _) = await ChangeAsync(tree, work =>
        {
            foreach (var name in new[] { "same-size.txt", "mode.sh", "made.txt" }) File.WriteAllText(Path.Combine(work, name), "changed\n");
            File.Delete(Path.Combine(work, "gone.txt"));
        });

        // As a process leaves it that was killed before the last file.
        using (var top = FolderHandle.Open(tree))
        {
            var begun = changes.Files.Select(f => new FileExchange(f.Path, FolderHandle.RandomName(), f.Before, f.After)).ToImmutableArray();
            using var journal = await ApplyJournal.OpenAsync(Notes, Digest.Of(Encoding.UTF8.GetBytes(tree)).Short(16));
            journal.Note(new BegunChange(tree, begun), isSynced: true);
            var done = begun.Where(f => f.Path != "mode.sh").ToList();
            new TreeExchange(top, done).Do(done.Where(f => f.To is not null).ToDictionary(f => f.Path, f => _blobs[f.To!.Sha256]), isSynced: false);
            await File.WriteAllTextAsync(Path.Combine(tree, begun.Single(f => f.Path == "mode.sh").Beside), "half of a fi");
            File.SetUnixFileMode(Path.Combine(tree, begun.Single(f => f.Path == "mode.sh").Beside), (UnixFileMode)FolderHandle.UnfinishedMode);
        }

        File.WriteAllText(Path.Combine(tree, "mode.sh"), "by a person\n");
        var outcome = await ApplyAsync(tree, changes);
        Assert.False(outcome.Applied);
        Assert.StartsWith("mode.sh has another content", outcome.Problem, StringComparison.Ordinal);
        Assert.Equal("1234", File.ReadAllText(Path.Combine(tree, "same-size.txt")));
        Assert.Equal("gone.txt\n", File.ReadAllText(Path.Combine(tree, "gone.txt")));
        Assert.Equal("by a person\n", File.ReadAllText(Path.Combine(tree, "mode.sh")));
        Assert.False(File.Exists(Path.Combine(tree, "made.txt")));
        Assert.Empty(Directory.EnumerateFiles(tree, ".assay-*"));
        Assert.DoesNotContain(Directory.EnumerateFiles(Notes), f => f.EndsWith(".json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_check_that_is_made_again_tells_the_same()
    {
        var tree = Tree();
        await using var workspace = await Workspace.OpenAsync(_folder.Under("ws"), new LaneSet());
        var copy = (CopyOutcome)(await PerformAsync(new CopyPerformer(workspace), new CopyTree("copy") { From = tree, To = "trees/t" })).Outcome;
        await PerformAsync(new PreparePerformer(workspace), new PrepareCopy("prepare") { Folder = copy.Folder, Changes = null });
        var path = Path.Combine(workspace.Root, copy.Base, "mode.sh");
        File.WriteAllText(path, "spoiled");
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var check = new CheckCopy("check/t/one") { Folder = copy.Folder, Name = CopyOutcome.BaseName, Origin = tree };
            Assert.Equal(["mode.sh"], ((CheckOutcome)(await PerformAsync(new CheckPerformer(workspace), check)).Outcome).Files);
            Assert.Equal("mode.sh\n", File.ReadAllText(path));
        }

        var next = new CheckCopy("check/t/two") { Folder = copy.Folder, Name = CopyOutcome.BaseName, Origin = tree };
        Assert.Equal(0, ((CheckOutcome)(await PerformAsync(new CheckPerformer(workspace), next)).Outcome).Count);
    }

    /// <summary>As editors save: into the file itself, or into a new one that takes its place.</summary>
    private static void Edit(string path, string text, bool inPlace)
    {
        File.WriteAllText(inPlace ? path : path + ".new", text);
        if (!inPlace) File.Move(path + ".new", path, overwrite: true);
    }

    private string Tree()
    {
        var tree = _folder.Under("tree");
        Directory.CreateDirectory(Path.Combine(tree, "deep"));
        foreach (var name in new[] { "same-size.txt", "gone.txt", "deep/moved.txt", "mode.sh", "file-then-folder" }) File.WriteAllText(Path.Combine(tree, name), name == "same-size.txt" ? "1234" : $"{name}\n");
        return tree;
    }

    /// <summary>Copies the tree, changes the copy, and captures what changed, through the performers that the engine uses.</summary>
    private async Task<(ChangeSet Changes, string Work)> ChangeAsync(string tree, Action<string> change)
    {
        await using var workspace = await Workspace.OpenAsync(_folder.Under("ws"), new LaneSet());
        var copy = (CopyOutcome)(await PerformAsync(new CopyPerformer(workspace), new CopyTree("copy") { From = tree, To = "trees/t" })).Outcome;
        Assert.Null(copy.Problem);
        var work = Path.Combine(workspace.Root, copy.Work);
        change(work);
        var captured = await PerformAsync(new CapturePerformer(workspace), new CaptureChanges("capture") { Folder = copy.Folder, Origin = tree });
        Assert.Null(((ChangesOutcome)captured.Outcome).Problem);
        foreach (var blob in captured.Blobs) _blobs[blob.Sha256] = blob.Bytes.ToArray();
        return (ChangeSet.Read(captured.Evidence[ChangesOutcome.ChangesName].Span), work);
    }

    private static Task<EffectResult> PerformAsync(IEffectPerformer performer, Effect effect) => performer.PerformAsync(new Attempt(Stream, effect, 1, static _ => { }), CancellationToken.None);

    private async Task<ApplyOutcome> ApplyAsync(string tree, ChangeSet changes, bool reverse = false, bool merge = false)
    {
        var patch = new TreePatch(tree, changes, reverse, merge, digest => ValueTask.FromResult(_blobs.GetValueOrDefault(digest)), Notes);
        var (outcome, blobs) = await patch.ApplyAsync();
        foreach (var blob in blobs) _blobs[blob.Sha256] = blob.Bytes.ToArray();
        return outcome;
    }

    private string Notes => _folder.Under("applying");

    private static Digest Sha256(string tree)
    {
        using var folder = FolderHandle.Open(tree);
        return TreeSnapshot.Take(folder).Sha256();
    }
}
