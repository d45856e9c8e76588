using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Native;

/// <summary>
/// Removes a folder with all that lies in it, however deep, without following a link. What lies deeper than can be held open is moved up
/// first; folders that nobody may enter are opened for their owner.
/// </summary>
internal sealed unsafe class FolderRemoval
{
    /// <summary>The most folders inside each other that are held open.</summary>
    private const int MaxOpen = 64;

    private const uint OwnerMayAll = 0x1C0;

    private readonly WalkBounds _bounds;
    private readonly CancellationToken _cancel;
    private readonly long _began = Environment.TickCount64;
    private long _entries;

    private FolderRemoval(WalkBounds bounds, CancellationToken cancel) => (_bounds, _cancel) = (bounds, cancel);

    /// <summary>Removes what stands at a path, a folder with all in it. What is not there is no problem.</summary>
    /// <param name="top">A folder above.</param>
    /// <param name="relative">The path below it.</param>
    /// <param name="bounds">How much and how long; the depth says nothing here.</param>
    /// <param name="cancel">Ends it in the middle.</param>
    /// <exception cref="IOException">Something of it could not be removed, or it is too much.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Remove(FolderHandle top, string relative, WalkBounds bounds, CancellationToken cancel = default)
    {
        if (top.Look(relative) is not { } found) return;
        if (found.Kind != FileKind.Folder)
        {
            _ = top.Unlink(relative);
            return;
        }

        using (var folder = top.FindFolder(relative))
        {
            if (folder is null) return;
            new FolderRemoval(bounds, cancel).Empty(folder);
        }

        _ = top.RemoveFolder(relative);
    }

    /// <summary>Removes what lies in a folder, and leaves the folder.</summary>
    public static void Empty(FolderHandle folder, WalkBounds bounds, CancellationToken cancel = default) =>
        new FolderRemoval(bounds, cancel).Empty(folder);

    private void Empty(FolderHandle top)
    {
        var open = new Stack<(int Descriptor, byte[] Name)>();
        open.Push((top.Descriptor, []));
        var buffer = (byte*)NativeMemory.Alloc(DirectoryBlock.Bytes);
        try
        {
            while (open.TryPeek(out var level))
            {
                if (Files(level.Descriptor, buffer) is { } folder)
                {
                    if (open.Count > MaxOpen) MoveUp(top, level.Descriptor, folder);
                    else open.Push((Enter(level.Descriptor, folder), folder));
                    continue;
                }

                open.Pop();
                if (!open.TryPeek(out var above)) return;
                _ = Libc.Close(level.Descriptor);
                fixed (byte* name = level.Name) Expect(Libc.UnlinkAt(above.Descriptor, name, Libc.AT_REMOVEDIR), level.Name);
            }
        }
        finally
        {
            NativeMemory.Free(buffer);
            foreach (var (descriptor, _) in open.Where(o => o.Descriptor != top.Descriptor)) _ = Libc.Close(descriptor);
        }
    }

    /// <summary>Removes all but folders, and returns the first folder; null when nothing is left.</summary>
    private byte[]? Files(int folder, byte* buffer)
    {
        _ = Libc.LSeek(folder, 0, 0);
        for (; ; )
        {
            var length = (int)Libc.GetDents(folder, buffer, DirectoryBlock.Bytes);
            if (length < 0) throw new IOException($"a folder cannot be read: {Libc.LastError()}");
            if (length == 0) return null;
            for (var at = 0; at < length; at += DirectoryBlock.Length(buffer + at))
            {
                var name = DirectoryBlock.Name(buffer + at);
                if (DirectoryBlock.IsDots(name)) continue;
                Count();
                if (Libc.UnlinkAt(folder, name, 0) == 0) continue;
                var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
                if (Marshal.GetLastPInvokeError() == Libc.EISDIR) return [.. bytes, 0];
                Expect(-1, bytes);
            }
        }
    }

    private void Count()
    {
        _cancel.ThrowIfCancellationRequested();
        if (++_entries > _bounds.Entries) throw new IOException($"more than {_bounds.Entries} files and folders: the rest is left");
        if (Environment.TickCount64 - _began > _bounds.Time.TotalMilliseconds)
        {
            throw new IOException($"it takes longer than {_bounds.Time.TotalSeconds:0} s: the rest is left");
        }
    }

    private static int Enter(int parent, byte[] name)
    {
        const int flags = Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC;
        fixed (byte* path = name)
        {
            // By way of /proc, since a mode that is set by name could be set through a link.
            var found = Libc.OpenAt(parent, path, Libc.O_PATH | flags, 0);
            Expect(found, name);
            _ = Libc.ChMod($"/proc/self/fd/{found}", OwnerMayAll);
            _ = Libc.Close(found);
            var descriptor = Libc.OpenAt(parent, path, Libc.O_RDONLY | flags, 0);
            Expect(descriptor, name);
            return descriptor;
        }
    }

    private static void MoveUp(FolderHandle top, int parent, byte[] name)
    {
        var free = Encoding.UTF8.GetBytes(FolderHandle.RandomName() + '\0');
        fixed (byte* from = name, to = free) Expect(Libc.RenameAt(parent, from, top.Descriptor, to), name);
    }

    private static void Expect(int result, ReadOnlySpan<byte> name)
    {
        if (result < 0) throw new IOException($"{Encoding.UTF8.GetString(name).TrimEnd('\0')}: {Libc.LastError()}");
    }
}
