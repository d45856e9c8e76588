using Assay.Native;

namespace Assay.Tests;

/// <summary>What happens in a folder that is watched is told, also after another one was put in its place.</summary>
public sealed class FileWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly (string Name, Action<string> Change)[] Changes =
    [
        ("made", p => File.WriteAllText(p, "1")),
        ("written", p => File.AppendAllText(p, "2")),
        ("touched", p => File.SetLastWriteTimeUtc(p, DateTime.UnixEpoch)),
        ("renamed", p => File.Move(p, $"{p}.old")),
        ("removed", p => File.Delete($"{p}.old")),
    ];

    [Fact]
    public void Whatever_changes_in_a_folder_is_told()
    {
        using var folder = new TemporaryFolder();
        using var watch = FileWatch.TryOpen()!;
        Assert.True(watch.AddFolder(folder.Path));
        foreach (var (name, change) in Changes)
        {
            change(folder.Under("file"));
            Assert.True(watch.Wait(Patience), $"that a file was {name} is not told");
        }

        Assert.False(watch.Wait(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public void A_folder_is_watched_once_it_is_there_and_again_when_it_was_replaced()
    {
        using var folder = new TemporaryFolder();
        using var watch = FileWatch.TryOpen()!;
        var inside = folder.Under("inside");
        Assert.False(watch.AddFolder(inside));
        for (var i = 0; i < 2; i++)
        {
            Directory.CreateDirectory(inside);
            Assert.True(watch.AddFolder(inside));
            File.WriteAllText(Path.Combine(inside, "file"), "1");
            Assert.True(watch.Wait(Patience));
            Directory.Delete(inside, recursive: true);
        }
    }
}
