using Assay.Engine.Processes.Native;

namespace Assay.Engine.Files;

/// <summary>Paths below a root that cannot leave it, not even through a link.</summary>
internal static class RootedPath
{
    /// <summary>The absolute path of <paramref name="relative"/> below <paramref name="root"/>.</summary>
    /// <exception cref="IOException">It leaves the root, or a link stands in the way.</exception>
    public static string Resolve(string root, string relative)
    {
        var full = Path.GetFullPath(Path.Combine(root, relative));
        if (!full.StartsWith(root + '/', StringComparison.Ordinal)) throw new IOException($"{relative} leaves {root}");
        for (var slash = full.IndexOf('/', root.Length + 1); slash > 0; slash = full.IndexOf('/', slash + 1))
        {
            if (IsLink(full[..slash])) throw new IOException($"{full[..slash]} is a link, which is not followed");
        }

        return full;
    }

    /// <summary>The absolute folder in which <paramref name="relative"/> lies.</summary>
    /// <exception cref="IOException">It leaves the root, or a link stands in the way.</exception>
    public static string Parent(string root, string relative) => Path.GetDirectoryName(Resolve(root, relative))!;

    /// <summary>Whether a symbolic link stands at a path.</summary>
    public static unsafe bool IsLink(string path)
    {
        byte target;
        return Libc.ReadLink(path, &target, 1) >= 0;
    }
}
