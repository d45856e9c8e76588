using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Assay.Native;

/// <summary>
/// What came of opening a file that may be anything by now. Only a regular file is opened: what stands there is looked at through a
/// descriptor that opens nothing (O_PATH), and that very thing is opened then. So nobody waits for the other end of a pipe, and no device
/// acts.
/// </summary>
/// <param name="Handle">The file; null when it was not opened.</param>
/// <param name="Kind">What stands there; <see cref="FileKind.Unknown"/> when that could not be seen.</param>
/// <param name="SizeBytes">How large it says it is.</param>
/// <param name="Error">What the system says (<c>errno</c>); 0 when it said nothing.</param>
internal readonly record struct OpenedFile(SafeFileHandle? Handle, FileKind Kind, long SizeBytes, int Error) : IDisposable
{
    /// <summary>Whether nothing stands there.</summary>
    public bool IsMissing => Error is Libc.ENOENT or Libc.ENOTDIR;

    /// <summary>Why it was not opened; null when it was.</summary>
    public string? Problem => Handle is not null ? null : Kind switch
    {
        FileKind.Link => "is a link, which is not followed",
        FileKind.Folder => "is a folder",
        FileKind.Pipe => "is a named pipe, not a file",
        FileKind.Socket => "is a socket, not a file",
        FileKind.CharacterDevice or FileKind.BlockDevice => "is a device, not a file",
        _ when Error == Libc.EMLINK => "has another name elsewhere, so it is not written",
        _ when IsMissing => "does not exist",
        _ when Error == Libc.ELOOP => "lies behind a link, which is not followed",
        _ => $"cannot be read: {Marshal.GetPInvokeErrorMessage(Error)}",
    };

    /// <summary>Opens a file that a person names, so that links are followed.</summary>
    public static OpenedFile ToRead(string path)
    {
        var found = Find(path);
        return found < 0 ? new OpenedFile(null, FileKind.Unknown, 0, Marshal.GetLastPInvokeError()) : Through(found, Libc.O_RDONLY);
    }

    /// <summary>
    /// The same, and what a shell makes for <c>&lt;( )</c> and hands over: a pipe without a name, whose other end it feeds.
    /// </summary>
    public static unsafe OpenedFile ToReadOrPipe(string path)
    {
        var found = Find(path);
        if (found < 0) return new OpenedFile(null, FileKind.Unknown, 0, Marshal.GetLastPInvokeError());
        var name = stackalloc byte[16];
        var length = (int)Libc.ReadLink($"/proc/self/fd/{found}", name, 16);
        if (length < 0 || !new ReadOnlySpan<byte>(name, length).StartsWith("pipe:["u8)) return Through(found, Libc.O_RDONLY);
        var opened = Libc.Open($"/proc/self/fd/{found}", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        var error = Marshal.GetLastPInvokeError();
        _ = Libc.Close(found);
        return opened < 0 ? new(null, FileKind.Unknown, 0, error) : new(new SafeFileHandle(opened, ownsHandle: true), FileKind.Pipe, 0, 0);
    }

    /// <summary>Opens what a descriptor of a path leads to, if it is a regular file, and closes that descriptor.</summary>
    /// <param name="found">The descriptor.</param>
    /// <param name="access">O_RDONLY or O_WRONLY.</param>
    internal static unsafe OpenedFile Through(int found, int access)
    {
        try
        {
            Statx stat;
            fixed (byte* itself = "\0"u8)
            {
                if (Libc.StatXRaw(found, itself, Libc.AT_EMPTY_PATH, Statx.Basic, &stat) != 0)
                {
                    return new(null, FileKind.Unknown, 0, Marshal.GetLastPInvokeError());
                }
            }

            if (stat.Kind != FileKind.File) return new(null, stat.Kind, 0, 0);

            // What has another name may lie outside as well, and must not be written there.
            if (stat.Links > 1 && (access & Libc.O_WRONLY) != 0) return new(null, FileKind.File, 0, Libc.EMLINK);
            var opened = Libc.Open($"/proc/self/fd/{found}", access | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
            return opened < 0
                ? new(null, FileKind.Unknown, 0, Marshal.GetLastPInvokeError())
                : new(new SafeFileHandle(opened, ownsHandle: true), FileKind.File, (long)stat.Size, 0);
        }
        finally
        {
            _ = Libc.Close(found);
        }
    }

    /// <summary>All that it holds, up to a bound. To be called on an opened file.</summary>
    /// <exception cref="IOException">It holds more, or cannot be read.</exception>
    public byte[] ReadAll(long maxBytes)
    {
        if (SizeBytes > maxBytes) throw new IOException($"is larger than {maxBytes} bytes");
        if (SizeBytes == 0) return ReadOn(maxBytes);
        var bytes = new byte[SizeBytes];
        var length = 0;
        for (int read; length < bytes.Length && (read = RandomAccess.Read(Handle!, bytes.AsSpan(length), length)) > 0;) length += read;
        return length == bytes.Length ? bytes : bytes[..length];
    }

    /// <summary>What has no size and may yet have a content: a pipe, and what /proc and its kind show.</summary>
    private unsafe byte[] ReadOn(long maxBytes)
    {
        var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        fixed (byte* start = buffer)
        {
            for (; ; )
            {
                var read = (int)Libc.Read((int)Handle!.DangerousGetHandle(), start, (nuint)buffer.Length);
                if (read < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR) continue;
                if (read < 0) throw new IOException($"cannot be read: {Libc.LastError()}");
                if (read == 0) return all.ToArray();
                all.Write(buffer, 0, read);
                if (all.Length > maxBytes) throw new IOException($"is larger than {maxBytes} bytes");
            }
        }
    }

    /// <summary>The same as text in UTF-8.</summary>
    /// <exception cref="IOException">It was not opened, holds more, or cannot be read.</exception>
    public string ReadText(long maxBytes) =>
        Problem is { } problem ? throw new IOException(problem) : Encoding.UTF8.GetString(ReadAll(maxBytes));

    public void Dispose() => Handle?.Dispose();

    /// <summary>The system would take a path that holds a NUL for the part before it.</summary>
    private static int Find(string path)
    {
        if (!path.Contains('\0', StringComparison.Ordinal)) return Libc.Open(path, Libc.O_PATH | Libc.O_CLOEXEC, 0);
        Marshal.SetLastPInvokeError(Libc.EINVAL);
        return -1;
    }
}
