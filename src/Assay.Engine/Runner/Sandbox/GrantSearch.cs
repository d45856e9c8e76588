using System.Collections.Immutable;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// What lies in granted folders and is not meant by the grant: sockets of the host, since a read-only mount does not stop a connect and
/// no filter can read a socket's path; and workspaces, whose record is nobody's to change.
/// </summary>
/// <param name="MayHoldSockets">Whether a socket, or another special file, may lie there. Where the search has no end soon, there may be some.</param>
/// <param name="Workspaces">The folders of the workspaces that were found.</param>
internal sealed record GrantSearch(bool MayHoldSockets, ImmutableArray<string> Workspaces)
{
    /// <summary>Folders this deep are looked at before all others, since that is where workspaces lie.</summary>
    private const int Shallow = 2;

    private static readonly WalkBounds Bounds = new(20_000, 256, TimeSpan.FromSeconds(10));

    /// <summary>Looks at files and folders; the system's own are left to <see cref="SystemSockets"/>.</summary>
    /// <param name="paths">What is granted, real.</param>
    /// <param name="mark">The name of a file that every workspace holds.</param>
    /// <param name="isWorkspace">Whether a folder that holds it is one.</param>
    public static GrantSearch In(IEnumerable<string> paths, string mark, Func<string, bool> isWorkspace)
    {
        var mayHoldSockets = false;
        var workspaces = ImmutableArray.CreateBuilder<string>();
        foreach (var path in paths.Where(p => !SystemPaths.Holds(p)))
        {
            for (var at = path; at is not null; at = Path.GetDirectoryName(at)) Note(at);
            if (Directory.Exists(path)) mayHoldSockets |= Look(path, Shallow) | Look(path, Bounds.Depth);
            else mayHoldSockets |= Path.Exists(path) && IsSpecial(path);
        }

        return new GrantSearch(mayHoldSockets, workspaces.ToImmutable());

        void Note(string folder)
        {
            if (isWorkspace(folder) && !workspaces.Contains(folder)) workspaces.Add(folder);
        }

        // Whether a socket may lie there, as far down as is looked.
        bool Look(string path, int depth)
        {
            try
            {
                using var top = FolderHandle.Open(path);
                using var walk = new FolderWalk(top, Bounds);
                var found = false;
                while (walk.Next())
                {
                    if (walk.Found.Kind == FileKind.Folder && walk.Depth >= depth) walk.Skip();
                    else if (walk.Found.Kind == FileKind.File && Path.GetFileName(walk.Path) == mark) Note(Path.GetDirectoryName(Path.Combine(path, walk.Path))!);
                    else found |= walk.Found.Kind is not (FileKind.File or FileKind.Folder or FileKind.Link);
                }

                return found || walk.Problem is not null;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    private static bool IsSpecial(string path)
    {
        try
        {
            return FileStat.Of(path) is { Kind: not (FileKind.File or FileKind.Folder or FileKind.Link) };
        }
        catch (IOException)
        {
            return true;
        }
    }
}
