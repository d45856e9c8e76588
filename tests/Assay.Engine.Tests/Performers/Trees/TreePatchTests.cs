using System.Collections.Immutable;
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
        Assert.True((await Patch(tree, changes).ApplyAsync()).Applied);
        Assert.Equal(Sha256(work), Sha256(tree));
        Assert.True((await Patch(tree, changes).ApplyAsync()).Applied);
        Assert.True((await Patch(tree, changes, reverse: true).ApplyAsync()).Applied);
        Assert.Equal(before, Sha256(tree));
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
        var outcome = await Patch(tree, changes).ApplyAsync();
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
        Assert.False((await Patch(tree, changes).ApplyAsync()).Applied);
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
        Assert.False((await Patch(tree, changes).ApplyAsync()).Applied);
        Assert.Equal(["long.txt"], (await Patch(tree, changes, merge: true).ApplyAsync()).Merged);
        Assert.Equal(lines.Replace("line 3\n", "three\n", StringComparison.Ordinal).Replace("line 17\n", "seventeen\n", StringComparison.Ordinal), File.ReadAllText(Path.Combine(tree, "long.txt")));
        File.WriteAllText(Path.Combine(tree, "long.txt"), lines.Replace("line 3\n", "drei\n", StringComparison.Ordinal));
        Assert.Contains("cannot be merged", (await Patch(tree, changes, merge: true).ApplyAsync()).Problem, StringComparison.Ordinal);
        Assert.Contains("drei", File.ReadAllText(Path.Combine(tree, "long.txt")), StringComparison.Ordinal);
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

    private TreePatch Patch(string tree, ChangeSet changes, bool reverse = false, bool merge = false) => new(tree, changes, reverse, merge, digest => ValueTask.FromResult(_blobs.GetValueOrDefault(digest)));

    private static Digest Sha256(string tree)
    {
        using var folder = FolderHandle.Open(tree);
        return TreeSnapshot.Take(folder).Sha256();
    }
}
