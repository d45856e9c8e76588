namespace Assay.Native;

/// <summary>What a path of this host really is, for those who decide by paths. Links are followed.</summary>
internal static class HostPath
{
    /// <summary>An absolute path with every link in it resolved, links that these lead to included, as far as it is there.</summary>
    public static string Real(string path) => RealPath.Of(path);

    /// <summary>Whether two paths lead to the same file or folder, by whatever names or mounts.</summary>
    public static bool AreSame(string one, string other) => Find(one) is { } a && Find(other) is { } b && a.Identity == b.Identity;

    private static unsafe Statx? Find(string path)
    {
        Statx found;
        return Libc.StatX(Libc.AT_FDCWD, path, 0, Statx.Basic, &found) == 0 ? found : null;
    }
}
