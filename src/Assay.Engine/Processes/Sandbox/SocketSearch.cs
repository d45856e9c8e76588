using Assay.Engine.Trees;
using Assay.Kernel.Trees;

namespace Assay.Engine.Processes.Sandbox;

/// <summary>
/// Whether sockets of the host may lie in what is readable: a read-only mount does not stop a connect, and no filter can read a socket's path. Where the
/// search has no end soon, the answer is that there may be some.
/// </summary>
internal static class SocketSearch
{
    private const int MaxEntries = 20_000;

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
        ReturnSpecialDirectories = false,
    };

    public static bool MayHold(IEnumerable<string> paths)
    {
        var seen = 0;
        foreach (var path in paths.Where(p => !SystemPaths.Holds(p) && Directory.Exists(p)))
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", Everything))
            {
                if (++seen > MaxEntries || IsSocket(entry)) return true;
            }
        }

        return false;
    }

    private static bool IsSocket(string path)
    {
        try
        {
            return FileStat.Of(path) is { Kind: EntryKind.Special };
        }
        catch (IOException)
        {
            return true;
        }
    }
}
