using System.Text;
using Assay.Native;

namespace Assay.Engine.Performers.Trees;

/// <summary>How files come from one tree into another.</summary>
internal static class TreeFiles
{
    /// <summary>Longer than a tick of the clock that stamps files, so that whatever is changed later has another stamp.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(12);

    /// <summary>
    /// A file that was changed before this time, in nanoseconds since 1970, has another stamp when it is changed from now on.
    /// </summary>
    public static long Settled() => (DateTimeOffset.UtcNow - ClockTick - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>Waits until all that was changed before is settled.</summary>
    public static void Rest() => Thread.Sleep(ClockTick + ClockTick);

    /// <summary>Copies all files of a tree into an empty folder. Links are copied as links.</summary>
    /// <param name="from">The tree.</param>
    /// <param name="to">The folder.</param>
    /// <param name="exclude">Paths that are left out with all below them.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>What each was before it was read.</returns>
    /// <exception cref="IOException">One cannot be copied, or there is no room for all.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<TreeEntryFound> Copy(
        FolderHandle from, FolderHandle to, IReadOnlyCollection<string> exclude, CancellationToken cancel)
    {
        var all = TreeWalk.List(from, exclude, cancel);
        NeedRoom(to, all);
        foreach (var folder in all.Where(f => f.Stat.Kind == FileKind.Folder)) to.MakeFolder(folder.Path).Dispose();
        var files = all.Where(f => f.Stat.Kind != FileKind.Folder).ToList();
        InParallel.For(files.Count, i => Copy(from, to, files[i], cancel), cancel);
        return all;
    }

    /// <summary>
    /// Copies what stands at a path to the same one, where nothing stands. A socket, a pipe or a device has no content that could be
    /// worked on.
    /// </summary>
    /// <exception cref="IOException">It cannot be copied.</exception>
    public static void Copy(FolderHandle from, FolderHandle to, TreeEntryFound file, CancellationToken cancel)
    {
        if (file.Stat.Kind == FileKind.Link) to.WriteLink(file.Path, Encoding.UTF8.GetString(from.ReadLink(file.Path)), replaces: false);
        if (file.Stat.Kind != FileKind.File) return;
        using var source = from.OpenFile(file.Path);
        if (source.Handle is not { } content) throw new IOException($"{file.Path} {source.Problem}");
        using var target = to.Create(file.Path, (uint)file.Stat.Mode);
        FileContent.Copy(content, target, (uint)file.Stat.Mode, cancel);
    }

    /// <summary>By what files say of their sizes, so that nobody copies for hours what takes no room.</summary>
    private static void NeedRoom(FolderHandle to, IReadOnlyList<TreeEntryFound> all)
    {
        var room = FileSystem.Of($"/proc/self/fd/{to.Descriptor}")?.FreeBytes ?? long.MaxValue;
        foreach (var file in all.Where(f => f.Stat.Kind == FileKind.File))
        {
            if ((room -= file.Stat.SizeBytes) < 0) throw new IOException($"{file.Path}: there is no room for a copy of {file.Stat.SizeBytes} bytes");
        }
    }
}
