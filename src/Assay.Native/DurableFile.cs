namespace Assay.Native;

/// <summary>Makes files and folders survive a loss of power. Each fsync is checked here, since the framework does not report its failure.</summary>
internal static class DurableFile
{
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Sync(string path) => Sync(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK);

    /// <summary>Syncs the folder of a file and those above it up to a root, so that the names on the way to it survive too.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void SyncFolders(string root, IEnumerable<string> files)
    {
        var folders = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            for (var folder = Path.GetDirectoryName(file); folder?.Length >= root.Length && folders.Add(folder); folder = Path.GetDirectoryName(folder))
            {
            }
        }

        foreach (var folder in folders) Sync(folder, Libc.O_RDONLY | Libc.O_DIRECTORY);
    }

    private static void Sync(string path, int flags)
    {
        var fd = Libc.Open(path, flags | Libc.O_CLOEXEC, 0);
        if (fd < 0) throw new IOException($"{path}: {Libc.LastError()}");
        var failed = Libc.FSync(fd) != 0 ? Libc.LastError() : null;
        _ = Libc.Close(fd);
        if (failed is not null) throw new IOException($"fsync {path}: {failed}");
    }
}
