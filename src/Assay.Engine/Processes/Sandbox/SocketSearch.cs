using Assay.Engine.Trees;
using Assay.Kernel.Trees;

namespace Assay.Engine.Processes.Sandbox;

/// <summary>
/// Whether sockets of the host may lie in what is granted: a read-only mount does not stop a connect, and no filter can read a socket's path. Where the
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

    /// <summary>Looks at all that is granted but the run's own fresh folder, which is the first of what it may write.</summary>
    public static bool MayHold(CagePlan plan)
    {
        var seen = 0;
        foreach (var path in plan.Reads.Concat(plan.Writes.Skip(1)).Where(p => !SystemPaths.Holds(p)))
        {
            if (!Directory.Exists(path))
            {
                if (Path.Exists(path) && IsSocket(path)) return true;
                continue;
            }

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
