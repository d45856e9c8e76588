using System.Diagnostics;
using Assay.Native;

namespace Assay.Tests;

/// <summary>Walks and removals end, whatever they are led through.</summary>
public sealed class FolderWalkTests : IDisposable
{
    private static readonly WalkBounds Bounds = new(10_000, 64, TimeSpan.FromSeconds(30));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_entry_is_seen_once_folders_before_what_lies_in_them_and_no_link_is_followed()
    {
        Shell("mkdir -p a/b c; touch a/x a/b/y z; ln -s . loop; ln -s .. a/up; ln -s / c/root; mkfifo c/pipe");
        var seen = Walk(Bounds, out var problem);
        Assert.Null(problem);
        Assert.Equal(["a", "a/b", "a/b/y", "a/up", "a/x", "c", "c/pipe", "c/root", "loop", "z"], seen.Order(StringComparer.Ordinal));
        Assert.True(seen.IndexOf("a") < seen.IndexOf("a/x"));
        Assert.True(seen.IndexOf("a/b") < seen.IndexOf("a/b/y"));
    }

    [Fact]
    public void What_is_skipped_is_left_out_with_all_below_it()
    {
        Shell("mkdir -p a/b c/d; touch a/b/y c/d/x");
        using var top = FolderHandle.Open(_folder.Path);
        using var walk = new FolderWalk(top, Bounds);
        var seen = new List<string>();
        while (walk.Next())
        {
            seen.Add(walk.Path);
            if (walk.Path == "a") walk.Skip();
        }

        Assert.Equal(["a", "c", "c/d", "c/d/x"], seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do touch f$i; done", 10, 64, "more than 10 files")]
    [InlineData("mkdir -p a/b/c/d/e", 100, 4, "deeper than 4")]
    public void A_walk_without_an_end_says_why_it_stopped(string script, long entries, int depth, string problem)
    {
        Shell(script);
        Walk(Bounds with { Entries = entries, Depth = depth }, out var found);
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_walk_that_takes_too_long_or_is_cancelled_stops()
    {
        Shell("for i in $(seq 200); do : > f$i; done");
        Walk(Bounds with { Time = TimeSpan.FromMilliseconds(-1) }, out var problem);
        Assert.Contains("takes longer", problem, StringComparison.Ordinal);
        using var top = FolderHandle.Open(_folder.Path);
        using var walk = new FolderWalk(top, Bounds, new CancellationToken(canceled: true));
        Assert.Throws<OperationCanceledException>(() =>
        {
            while (walk.Next())
            {
            }
        });
    }

    [Fact]
    public void Names_that_are_no_text_are_told_apart()
    {
        Shell("mkdir \"$(printf 'b\\377d')\"; touch \"$(printf 'b\\377d')/inside\" plain");
        using var top = FolderHandle.Open(_folder.Path);
        using var walk = new FolderWalk(top, Bounds);
        var text = 0;
        for (; walk.Next(); text += walk.IsText ? 1 : 0) Assert.Equal(walk.Path == "plain", walk.IsText);
        Assert.Equal(1, text);
    }

    [Fact]
    public void Folders_are_removed_however_deep_and_links_are_not_followed()
    {
        Directory.CreateDirectory(_folder.Under("outside"));
        File.WriteAllText(_folder.Under("outside", "kept"), "");
        var at = FolderHandle.Open(Directory.CreateDirectory(_folder.Under("deep")).FullName);
        for (var i = 0; i < 3000; i++)
        {
            var next = at.MakeFolder("d");
            if (i % 100 == 0) next.Create("file").Dispose();
            at.Dispose();
            at = next;
        }

        at.WriteLink("link", _folder.Under("outside"), replaces: false);
        at.Dispose();
        Shell("mkdir -p deep/closed/inside; touch deep/closed/inside/x; chmod 000 deep/closed");
        using var top = FolderHandle.Open(_folder.Path);
        FolderRemoval.Remove(top, "deep", new WalkBounds(100_000, 1, TimeSpan.FromMinutes(1)));
        FolderRemoval.Remove(top, "absent", Bounds);
        Assert.Equal(["outside"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        Assert.True(File.Exists(_folder.Under("outside", "kept")));
    }

    [Fact]
    public void A_removal_stops_at_its_bounds_and_goes_on_another_time()
    {
        Shell("mkdir -p many; cd many; for i in $(seq 50); do mkdir d$i; : > d$i/x; done");
        using var top = FolderHandle.Open(_folder.Path);
        Assert.Throws<IOException>(() => FolderRemoval.Remove(top, "many", Bounds with { Entries = 20 }));
        Assert.Throws<OperationCanceledException>(() => FolderRemoval.Remove(top, "many", Bounds, new CancellationToken(canceled: true)));
        FolderRemoval.Remove(top, "many", Bounds);
        Assert.False(Directory.Exists(_folder.Under("many")));
    }

    [Fact]
    public async Task Folders_that_become_links_while_they_are_walked_lead_nowhere()
    {
        Shell("mkdir -p t/a/b u; touch t/a/b/x; echo out > u/outside");
        using var churn = Process.Start(new ProcessStartInfo("sh", ["-c", "while :; do mv t/a t/c; ln -s ../u t/a; rm t/a; mv t/c t/a; done"]) { WorkingDirectory = _folder.Path })!;
        try
        {
            var until = Stopwatch.StartNew();
            while (until.Elapsed < TimeSpan.FromSeconds(2))
            {
                using var top = FolderHandle.Open(_folder.Under("t"));
                using var walk = new FolderWalk(top, Bounds);
                while (walk.Next()) Assert.False(walk.Name.SequenceEqual("outside"u8));
                using var file = top.OpenFile("a/outside");
                Assert.Null(file.Handle);
            }
        }
        finally
        {
            churn.Kill();
            await churn.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private List<string> Walk(WalkBounds bounds, out string? problem)
    {
        using var top = FolderHandle.Open(_folder.Path);
        using var walk = new FolderWalk(top, bounds);
        var seen = new List<string>();
        while (walk.Next()) seen.Add(walk.Path);
        problem = walk.Problem;
        return seen;
    }

    private void Shell(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-ec", script]) { WorkingDirectory = _folder.Path })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
