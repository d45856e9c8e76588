using System.Runtime.InteropServices;

namespace Assay.Native;

/// <summary>
/// Waits until somebody writes to a file, or changes what lies in folders, in this process or another one of this host (inotify(7)). One thread
/// waits; any may end it.
/// </summary>
public sealed unsafe partial class FileWatch : IDisposable
{
    private const int BufferBytes = 4096;
    private const uint Modified = 0x2;

    // A file that was written and closed, or renamed, made, removed, or whose times were set.
    private const uint Listed = 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x4;
    private const uint OnlyFolder = 0x01000000;

    private readonly int _events;
    private readonly int _end;

    private FileWatch(int events, int end) => (_events, _end) = (events, end);

    /// <summary>Whether <see cref="End"/> was called.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Begins to watch a file; null where it is not there, or where this host gives no more watches to this user.</summary>
    /// <param name="path">The file, which need not be readable.</param>
    public static FileWatch? TryOpen(string path)
    {
        if (TryOpen() is not { } watch) return null;
        if (INotifyAdd(watch._events, path, Modified) >= 0) return watch;
        watch.Dispose();
        return null;
    }

    /// <summary>A watch of nothing yet; null where this host gives no more of them to this user.</summary>
    public static FileWatch? TryOpen()
    {
        var events = INotifyInit(Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (events < 0) return null;
        var end = Libc.EventFd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (end >= 0) return new FileWatch(events, end);
        _ = Libc.Close(events);
        return null;
    }

    /// <summary>Watches what comes into a folder, goes, or is written there, not below. Again for one that is watched changes nothing.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>Whether it is watched; false also where there is none.</returns>
    public bool AddFolder(string path) => INotifyAdd(_events, path, Listed | OnlyFolder) >= 0;

    /// <summary>Waits for the next change, which may have been made since the last call.</summary>
    /// <param name="atMost">How long; rounded up to a millisecond.</param>
    /// <returns>Whether there was one; false when the time has passed, or the watch was ended.</returns>
    public bool Wait(TimeSpan atMost)
    {
        var ready = stackalloc Libc.PollFd[2];
        (ready[0].Fd, ready[0].Events) = (_events, Libc.POLLIN);
        (ready[1].Fd, ready[1].Events) = (_end, Libc.POLLIN);
        if (Libc.Poll(ready, 2, (int)Math.Ceiling(atMost.TotalMilliseconds)) <= 0 || ready[0].Revents == 0) return false;
        var buffer = stackalloc byte[BufferBytes];
        while (Libc.Read(_events, buffer, BufferBytes) == BufferBytes)
        {
        }

        return !IsEnded;
    }

    /// <summary>Lets whoever waits, and whoever would, go on at once.</summary>
    public void End()
    {
        IsEnded = true;
        var one = 1UL;
        _ = Libc.Write(_end, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Gives the watch back. Nobody may wait any more.</summary>
    public void Dispose()
    {
        _ = Libc.Close(_events);
        _ = Libc.Close(_end);
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int INotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int INotifyAdd(int watches, string path, uint mask);
}
