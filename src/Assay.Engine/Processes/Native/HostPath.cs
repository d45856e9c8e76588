using Assay.Engine.Trees;

namespace Assay.Engine.Processes.Native;

/// <summary>What a path of this host really is, for those who decide by paths.</summary>
public static class HostPath
{
    private const int FileTypeBits = 0xF000;
    private const int NamedPipe = 0x1000;
    private const int AtFdCwd = -100;
    private const uint BasicStats = 0x7FF;

    /// <summary>An absolute path with every link in it resolved, links that these lead to included, as far as it is there.</summary>
    public static string Real(string path) => RealPath.Of(path);

    /// <summary>Whether two paths lead to the same file or folder, by whatever names or mounts.</summary>
    public static bool AreSame(string one, string other) => Find(one) is { } a && Find(other) is { } b
        && (a.DeviceMajor, a.DeviceMinor, a.Inode) == (b.DeviceMajor, b.DeviceMinor, b.Inode);

    /// <summary>
    /// Whether opening a path waits for somebody who writes: it is a pipe with a name. Those that a shell makes for <c>&lt;( )</c> are
    /// none.
    /// </summary>
    public static bool IsNamedPipe(string path) => Find(RealPath.Of(path)) is { } found && (found.Mode & FileTypeBits) == NamedPipe;

    private static unsafe FileStat.Statx? Find(string path)
    {
        FileStat.Statx found;
        return Libc.StatX(AtFdCwd, path, 0, BasicStats, &found) == 0 ? found : null;
    }
}
