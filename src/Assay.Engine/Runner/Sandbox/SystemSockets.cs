using Assay.Engine.Native;
using Assay.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// Sockets that somebody has bound below the system's folders, which every view shows: daemons that were built from source put theirs into
/// /usr/local. The kernel lists sockets by the names under which they were bound.
/// </summary>
internal static class SystemSockets
{
    private const string List = "/proc/net/unix";
    private const int FieldsBeforePath = 7;

    /// <summary>Whether there may be one. Where the list cannot be read, there may be.</summary>
    public static bool MayExist()
    {
        try
        {
            return File.ReadLines(List).Skip(1).Select(PathOf).Where(p => p.Length > 0 && p[0] != '@').Any(IsOfSystem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>The path stands behind the other fields and may hold blanks itself.</summary>
    private static string PathOf(string line) =>
        line.Split(' ', FieldsBeforePath + 1, StringSplitOptions.RemoveEmptyEntries) is [.., var path] fields && fields.Length > FieldsBeforePath ? path : "";

    private static bool IsOfSystem(string path) =>
        path[0] == '/' ? SystemPaths.Holds(RealPath.Of(path)) : Folders().Any(f => IsOfSystem(f, path));

    /// <summary>Of one that was bound by a relative path only that is known; it counts from the folder of some process.</summary>
    private static bool IsOfSystem(string folder, string relative) =>
        RealPath.Of(Path.Combine(folder, relative)) is var path && SystemPaths.Holds(path) && Path.Exists(path);

    /// <summary>The folders in which processes stand.</summary>
    private static IEnumerable<string> Folders() =>
        ProcFs.All().Select(p => Folder(p.Pid)).OfType<string>().Distinct(StringComparer.Ordinal);

    private static string? Folder(int pid)
    {
        try
        {
            return new DirectoryInfo($"/proc/{pid}/cwd").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
