using System.Text;
using Assay.Native;

namespace Assay.Tests;

/// <summary>What lies below a folder is reached without a link, with and without openat2.</summary>
public sealed class FolderHandleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FolderHandle _top;

    public FolderHandleTests()
    {
        Directory.CreateDirectory(_folder.Under("top", "a", "b"));
        Directory.CreateDirectory(_folder.Under("outside"));
        File.WriteAllText(_folder.Under("outside", "secret"), "secret");
        _top = FolderHandle.Open(_folder.Under("top"));
    }

    public void Dispose()
    {
        FolderHandle.HasOpenAt2 = true;
        _top.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_reached_through_a_link_at_any_place_of_a_path(bool hasOpenAt2)
    {
        FolderHandle.HasOpenAt2 = hasOpenAt2;
        File.CreateSymbolicLink(_folder.Under("top", "link"), "../outside");
        File.CreateSymbolicLink(_folder.Under("top", "a", "file"), "../../outside/secret");
        File.CreateSymbolicLink(_folder.Under("top", "near"), "a");
        foreach (var path in new[] { "link/secret", "a/file", "near/b" })
        {
            using var file = _top.OpenFile(path);
            Assert.Contains("link", file.Problem, StringComparison.Ordinal);
            Assert.False(file.IsMissing);
        }

        Assert.Equal(FileKind.Link, _top.Look("a/file")!.Value.Kind);
        Assert.Throws<IOException>(() => _top.Look("link/secret"));
        Assert.Throws<IOException>(() => _top.FindFolder("link"));
        Assert.Throws<IOException>(() => _top.FindFolder("near/b"));
        Assert.Throws<IOException>(() => _top.MakeFolder("link/new"));
        Assert.Throws<IOException>(() => _top.Create("link/new"));
        Assert.Throws<IOException>(() => _top.Write("link/new", "x"u8, replaces: true));
        Assert.Throws<IOException>(() => _top.Unlink("link/secret"));
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(_folder.Under("outside")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("../outside/secret")]
    [InlineData("a/../../outside/secret")]
    [InlineData("/etc/passwd")]
    [InlineData("a\0b")]
    [InlineData("")]
    public void A_path_that_leads_out_is_refused(string path)
    {
        Assert.Throws<IOException>(() => _top.OpenFile(path));
        Assert.Throws<IOException>(() => _top.Create(path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_written_file_takes_the_place_of_a_link_and_never_of_what_that_leads_to(bool hasOpenAt2)
    {
        FolderHandle.HasOpenAt2 = hasOpenAt2;
        File.CreateSymbolicLink(_folder.Under("top", "a", "record"), "../../outside/secret");
        Assert.False(_top.Write("a/record", "mine"u8, replaces: false));
        Assert.True(_top.Write("a/record", "mine"u8, replaces: true, mode: 0x1A0));
        Assert.Equal("mine", File.ReadAllText(_folder.Under("top", "a", "record")));
        Assert.Equal("secret", File.ReadAllText(_folder.Under("outside", "secret")));
        Assert.Equal(0x1A0, _top.Look("a/record")!.Value.Mode);
        Assert.Equal(["b", "record"], Directory.EnumerateFileSystemEntries(_folder.Under("top", "a")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_left_and_nothing_beside_it()
    {
        Assert.Throws<IOException>(() => _top.Write("a/b", "x"u8, replaces: true));
        Assert.Equal(["b"], Directory.EnumerateFileSystemEntries(_folder.Under("top", "a")).Select(Path.GetFileName));
    }

    [Fact]
    public void Folders_on_the_way_are_made_and_appending_goes_behind_what_is_there()
    {
        foreach (var text in new[] { "one\n", "two\n" })
        {
            using var file = new FileStream(_top.OpenToAppend("x/y/z/log"), FileAccess.Write);
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        Assert.Equal("one\ntwo\n", File.ReadAllText(_folder.Under("top", "x", "y", "z", "log")));
        Assert.True(_top.TryMakeFolder("x/new"));
        Assert.False(_top.TryMakeFolder("x/new"));
        Assert.Null(_top.TryCreate("x/y/z/log"));
    }

    [Fact]
    public void What_writes_left_that_were_killed_is_removed_and_nothing_else()
    {
        foreach (var name in new[] { FolderHandle.RandomName(), ".assay-notes.tmp", "assay.tmp", ".assay", "other" }) File.WriteAllText(_folder.Under("top", "a", name), "");
        using var folder = _top.FindFolder("a")!;
        folder.RemoveRests();
        Assert.Equal([".assay", ".assay-notes.tmp", "assay.tmp", "b", "other"], Directory.EnumerateFileSystemEntries(_folder.Under("top", "a")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Only_regular_files_are_opened_whoever_names_them()
    {
        Assert.Equal("is a device, not a file", OpenedFile.ToRead("/dev/zero").Problem);
        Assert.Equal("is a folder", OpenedFile.ToRead("/etc").Problem);
        Assert.Equal("does not exist", OpenedFile.ToRead(_folder.Under("absent")).Problem);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_folder.Under("top", "pipe")])) await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        var opened = await Task.Run(() => _top.OpenFile("pipe"), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal("is a named pipe, not a file", opened.Problem);
        Assert.Equal("is a named pipe, not a file", OpenedFile.ToReadOrPipe(_folder.Under("top", "pipe")).Problem);
        using var shown = OpenedFile.ToRead("/proc/self/status");
        Assert.Contains("Threads:", shown.ReadText(1 << 20), StringComparison.Ordinal);
        using var secret = OpenedFile.ToRead(_folder.Under("outside", "secret"));
        Assert.Throws<IOException>(() => secret.ReadAll(5));
    }
}
