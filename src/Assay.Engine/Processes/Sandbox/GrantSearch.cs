using System.Collections.Immutable;
using Assay.Engine.Trees;
using Assay.Kernel.Trees;

namespace Assay.Engine.Processes.Sandbox;

/// <summary>
/// What lies in granted folders and is not meant by the grant: sockets of the host, since a read-only mount does not stop a connect and no
/// filter can read a socket's path; and workspaces, whose record is nobody's to change.
/// </summary>
/// <param name="MayHoldSockets">Whether a socket, or another special file, may lie there. Where the search has no end soon, there may be some.</param>
/// <param name="Workspaces">The folders of the workspaces that were found.</param>
internal sealed record GrantSearch(bool MayHoldSockets, ImmutableArray<string> Workspaces)
{
    private const int MaxEntries = 20_000;

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
        ReturnSpecialDirectories = false,
    };

    /// <summary>Looks at files and folders, shallow ones first; the system's own are left to <see cref="SystemSockets"/>.</summary>
    /// <param name="paths">What is granted, real.</param>
    /// <param name="mark">The name of a file that every workspace holds.</param>
    /// <param name="isWorkspace">Whether a folder that holds it is one.</param>
    public static GrantSearch In(IEnumerable<string> paths, string mark, Func<string, bool> isWorkspace)
    {
        var (mayHoldSockets, seen) = (false, 0);
        var workspaces = ImmutableArray.CreateBuilder<string>();
        foreach (var path in paths.Where(p => !SystemPaths.Holds(p)))
        {
            for (var at = path; at is not null; at = Path.GetDirectoryName(at)) Note(at);
            if (!Directory.Exists(path))
            {
                mayHoldSockets |= Path.Exists(path) && IsSpecial(path);
                continue;
            }

            foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", Everything))
            {
                if (++seen > MaxEntries) return new GrantSearch(MayHoldSockets: true, workspaces.ToImmutable());
                if (Path.GetFileName(entry) == mark) Note(Path.GetDirectoryName(entry)!);
                mayHoldSockets |= IsSpecial(entry);
            }
        }

        return new GrantSearch(mayHoldSockets, workspaces.ToImmutable());

        void Note(string folder)
        {
            if (isWorkspace(folder) && !workspaces.Contains(folder)) workspaces.Add(folder);
        }
    }

    private static bool IsSpecial(string path)
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
