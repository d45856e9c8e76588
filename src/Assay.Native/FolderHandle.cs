using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>
/// A folder that is held open. What lies below it is reached from its descriptor and never through a link, whoever moves or replaces what
/// meanwhile: by openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, and name by name where the kernel has no such call. Paths are
/// relative, with <c>/</c>, and may not leave the folder.
/// </summary>
internal sealed unsafe partial class FolderHandle : IDisposable
{
    private const uint AllMayReadAndWrite = 0x1B6;
    private const uint AllMayEnter = 0x1FF;
    private const int OnlyFolders = Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC;

    /// <summary>Whether the kernel has openat2. Tests take it away.</summary>
    internal static bool HasOpenAt2 { get; set; } = true;

    private FolderHandle(int descriptor, string name) => (Descriptor, Name) = (descriptor, name);

    /// <summary>The descriptor, as long as it is not disposed of.</summary>
    public int Descriptor { get; }

    /// <summary>How messages name it.</summary>
    public string Name { get; }

    /// <summary>Opens a folder by its path, whose last part may be no link.</summary>
    /// <exception cref="IOException">It is none, or cannot be opened.</exception>
    public static FolderHandle Open(string path) => Find(path) ?? throw new IOException($"{path} does not exist");

    /// <summary>The same; null when nothing is there.</summary>
    /// <exception cref="IOException">It is no folder, or cannot be opened.</exception>
    public static FolderHandle? Find(string path) => Opened(Libc.Open(Whole(path), OnlyFolders, 0), path);

    /// <summary>Opens a folder that the person named, so that links on the way are followed.</summary>
    /// <exception cref="IOException">It is not there, is none, or cannot be opened.</exception>
    public static FolderHandle OpenNamed(string path) =>
        Opened(Libc.Open(Whole(path), OnlyFolders & ~Libc.O_NOFOLLOW, 0), path) ?? throw new IOException($"{path} does not exist");

    /// <summary>The same, made with all above it when it is not there.</summary>
    /// <exception cref="IOException">It is none, or cannot be made or opened.</exception>
    public static FolderHandle MakeNamed(string path)
    {
        if (!Directory.Exists(path)) Directory.CreateDirectory(Whole(path));
        return OpenNamed(path);
    }

    /// <summary>A folder below; null when nothing is there.</summary>
    /// <exception cref="IOException">It is none, a link stands in the way, or it cannot be opened.</exception>
    public FolderHandle? FindFolder(string relative) =>
        Opened(relative.Length == 0 ? Libc.OpenAt(Descriptor, ".", OnlyFolders, 0) : OpenBelow(relative, OnlyFolders), Shown(relative));

    /// <summary>A folder below, which is made, with those above it, when it is not there.</summary>
    /// <exception cref="IOException">Something else stands there or in the way, or it cannot be made.</exception>
    public FolderHandle MakeFolder(string relative)
    {
        if (FindFolder(relative) is { } found) return found;
        var cut = relative.LastIndexOf('/');
        using var parent = MakeFolder(cut < 0 ? "" : relative[..cut]);
        if (Libc.MkDirAt(parent.Descriptor, relative[(cut + 1)..], AllMayEnter) != 0 && Marshal.GetLastPInvokeError() != Libc.EEXIST)
        {
            throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
        }

        return FindFolder(relative) ?? throw new IOException($"{Shown(relative)} was removed while it was made");
    }

    /// <summary>Makes a folder that nobody else has used. False when something stands there already. Folders on the way are made.</summary>
    /// <param name="relative">Its path.</param>
    /// <param name="mode">Its permission bits, less what the process masks.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public bool TryMakeFolder(string relative, uint mode = AllMayEnter)
    {
        using var parent = Parent(relative, make: true, out var name);
        if (Libc.MkDirAt(parent.Descriptor, name, mode) == 0) return true;
        return Marshal.GetLastPInvokeError() == Libc.EEXIST ? false : throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
    }

    /// <summary>What stands at a path; null when nothing does.</summary>
    /// <exception cref="IOException">A link stands in the way, or it cannot be looked at.</exception>
    public FileStat? Look(string relative)
    {
        var found = OpenBelow(relative, Libc.O_PATH | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        if (found < 0)
        {
            return Marshal.GetLastPInvokeError() is Libc.ENOENT or Libc.ENOTDIR
                ? null
                : throw new IOException($"{Shown(relative)}: {Words()}");
        }

        Statx stat;
        fixed (byte* itself = "\0"u8)
        {
            var failed = Libc.StatXRaw(found, itself, Libc.AT_EMPTY_PATH, Statx.Basic, &stat) != 0 ? Libc.LastError() : null;
            _ = Libc.Close(found);
            return failed is null ? FileStat.Of(stat) : throw new IOException($"{Shown(relative)}: {failed}");
        }
    }

    /// <summary>The names in a folder below; none when it is not there.</summary>
    /// <exception cref="IOException">It is no folder, or cannot be read.</exception>
    public IReadOnlyList<string> Names(string relative)
    {
        using var folder = FindFolder(relative);
        if (folder is null) return [];
        var names = new List<string>();
        using var walk = new FolderWalk(folder, WalkBounds.OfTree);
        while (walk.Next())
        {
            names.Add(walk.Path);
            walk.Skip();
        }

        return walk.Problem is { } problem ? throw new IOException($"{folder.Name}: {problem}") : names;
    }

    /// <summary>What the file system says of the folder itself.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public FileStat Itself()
    {
        Statx stat;
        fixed (byte* itself = "\0"u8)
        {
            return Libc.StatXRaw(Descriptor, itself, Libc.AT_EMPTY_PATH, Statx.Basic, &stat) == 0
                ? FileStat.Of(stat)
                : throw new IOException($"{Name}: {Libc.LastError()}");
        }
    }

    /// <summary>Gives the folder its permission bits.</summary>
    /// <param name="mode">The mode, of which the bits that say what it is are left out.</param>
    /// <exception cref="IOException">It is not permitted.</exception>
    public void SetMode(int mode)
    {
        const int permissions = 0xFFF;
        if (Libc.FChMod(Descriptor, (uint)(mode & permissions)) != 0) throw new IOException($"{Name}: {Libc.LastError()}");
    }

    /// <summary>Whether the folder has this mode, and nothing that is attached to it.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    public bool IsPlain(int mode) => Itself().Stamp.Mode == mode && !HasAttributes();

    /// <summary>
    /// Whether somebody has attached something to the folder that is not its content: user attributes, or lists of who may.
    /// </summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    public bool HasAttributes() => AttachedAttributes.Names(Descriptor, Name).Count > 0;

    /// <summary>Whether it belongs to the user of this process, and nobody else may write in it.</summary>
    public bool IsWrittenByOwnerAlone()
    {
        const int othersMayWrite = 0b000_010_010;
        Statx stat;
        fixed (byte* itself = "\0"u8)
        {
            return Libc.StatXRaw(Descriptor, itself, Libc.AT_EMPTY_PATH, Statx.Basic, &stat) == 0
                && stat.User == Libc.GetEUid() && (stat.Mode & othersMayWrite) == 0;
        }
    }

    /// <summary>Opens a regular file to read it.</summary>
    public OpenedFile OpenFile(string relative) => OpenFile(relative, Libc.O_RDONLY);

    /// <summary>Where a link points, as bytes; at most what the system takes for a path.</summary>
    /// <exception cref="IOException">It is no link, or cannot be read.</exception>
    public byte[] ReadLink(string relative)
    {
        var buffer = new byte[4096];
        using var parent = Parent(relative, make: false, out var name);
        fixed (byte* start = buffer)
        {
            var length = (int)Libc.ReadLinkAt(parent.Descriptor, name, start, (nuint)buffer.Length);
            return length >= 0 ? buffer[..length] : throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
        }
    }

    /// <summary>Removes what writes into this very folder left behind that were killed.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public void RemoveRests()
    {
        using var walk = new FolderWalk(this, WalkBounds.OfTree);
        while (walk.Next())
        {
            if (walk.Found.Kind == FileKind.Folder) walk.Skip();
            else if (IsRandom(walk.Name)) _ = Libc.UnlinkAt(Descriptor, walk.Path, 0);
        }

        if (walk.Problem is { } problem) throw new IOException($"{Name}: {problem}");
    }

    /// <summary>Removes what stands at a path, unless it is a folder. False when nothing does.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    public bool Unlink(string relative) => Remove(relative, 0);

    /// <summary>Removes a folder that is empty. False when it is not there.</summary>
    /// <exception cref="IOException">It is not empty, or cannot be removed.</exception>
    public bool RemoveFolder(string relative) => Remove(relative, Libc.AT_REMOVEDIR);

    /// <summary>Makes the folder's own names survive a loss of power.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Sync()
    {
        if (Libc.FSync(Descriptor) != 0) throw new IOException($"fsync {Name}: {Libc.LastError()}");
    }

    public void Dispose() => _ = Libc.Close(Descriptor);

    private static FolderHandle? Opened(int descriptor, string name)
    {
        if (descriptor >= 0) return new FolderHandle(descriptor, name);
        return Marshal.GetLastPInvokeError() switch
        {
            Libc.ENOENT => null,
            Libc.ENOTDIR => throw new IOException($"{name}: {Libc.LastError()}, or a link, which is not followed"),
            _ => throw new IOException($"{name}: {Words()}"),
        };
    }

    /// <summary>The system would take a path that holds a NUL for the part before it.</summary>
    private static string Whole(string path) =>
        path.Contains('\0', StringComparison.Ordinal) ? throw new IOException($"{path.Replace('\0', '?')} holds a NUL character") : path;

    private static string Words() =>
        Marshal.GetLastPInvokeError() == Libc.ELOOP ? "lies behind a link, which is not followed" : Libc.LastError();

    private bool Remove(string relative, int flags)
    {
        using var parent = Parent(relative, make: false, out var name);
        if (Libc.UnlinkAt(parent.Descriptor, name, flags) == 0) return true;
        return Marshal.GetLastPInvokeError() == Libc.ENOENT ? false : throw new IOException($"{Shown(relative)}: {Libc.LastError()}");
    }

    private OpenedFile OpenFile(string relative, int access)
    {
        var found = OpenBelow(relative, Libc.O_PATH | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        return found < 0 ? new OpenedFile(null, FileKind.Unknown, 0, Marshal.GetLastPInvokeError()) : OpenedFile.Through(found, access);
    }

    /// <summary>The folder in which a path lies, and its last name.</summary>
    private FolderHandle Parent(string relative, bool make, out string name)
    {
        Check(relative);
        var cut = relative.LastIndexOf('/');
        name = relative[(cut + 1)..];
        var folder = cut < 0 ? "" : relative[..cut];
        return (make ? MakeFolder(folder) : FindFolder(folder)) ?? throw new IOException($"{Shown(folder)} does not exist");
    }

    private string Shown(string relative) => relative.Length == 0 ? Name : $"{Name}/{relative}";

    /// <summary>Paths are the engine's own or were checked as ids; one that leads out is a fault that must not pass.</summary>
    private void Check(string relative)
    {
        var isInside = relative.Length > 0 && relative[0] != '/' && !relative.Contains('\0', StringComparison.Ordinal)
            && !relative.Split('/').Contains("..");
        if (!isInside) throw new IOException($"{relative.Replace('\0', '?')} leaves {Name}");
    }

    private int OpenBelow(string relative, int flags)
    {
        Check(relative);
        if (HasOpenAt2)
        {
            var how = new Libc.OpenHow { Flags = (ulong)flags, Resolve = Libc.OpenHow.NoWayOut };
            using var path = new NativeStrings([relative]);
            var opened = Libc.OpenAt2(Descriptor, path.Array[0], &how);
            if (opened >= 0 || Marshal.GetLastPInvokeError() is not (Libc.ENOSYS or Libc.EPERM)) return opened;
            HasOpenAt2 = false;
        }

        return OpenByName(relative, flags);
    }

    /// <summary>Name by name: each folder on the way is opened by itself, and what is a link says so.</summary>
    private int OpenByName(string relative, int flags)
    {
        var at = Descriptor;
        var names = relative.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < names.Length; i++)
        {
            var isLast = i == names.Length - 1;
            var next = Libc.OpenAt(at, names[i], isLast ? flags : Libc.O_PATH | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
            var error = Marshal.GetLastPInvokeError();
            if (at != Descriptor) _ = Libc.Close(at);
            Statx found;
            fixed (byte* itself = "\0"u8)
            {
                if (!isLast && next >= 0 && Libc.StatXRaw(next, itself, Libc.AT_EMPTY_PATH, Statx.Basic, &found) == 0 && found.Kind == FileKind.Link)
                {
                    _ = Libc.Close(next);
                    (next, error) = (-1, Libc.ELOOP);
                }
            }

            Marshal.SetLastPInvokeError(error);
            if (next < 0) return next;
            at = next;
        }

        return at;
    }
}
