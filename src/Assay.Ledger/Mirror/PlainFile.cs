using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Assay.Ledger.Mirror;

/// <summary>
/// Opens files that somebody may have put something else in the place of: no link is followed, and nobody waits for the other end of a pipe.
/// </summary>
internal static partial class PlainFile
{
    public const int NoEntry = 2;
    public const int NoFolder = 20;
    public const int TooManyLinks = 40;

    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int NonBlocking = 0x800;
    private const int NoFollow = 0x20000;
    private const int CloseOnExec = 0x80000;
    private const uint AllMayReadAndWrite = 0x1B6;

    /// <summary>Opens a file to read it; else what the system says (<c>errno</c>).</summary>
    public static (SafeFileHandle Handle, int Error) OpenToRead(string path) => Open(path, ReadOnly);

    /// <summary>Opens a file to write in it, and makes it when it is not there.</summary>
    /// <exception cref="IOException">It cannot be opened, or is no file.</exception>
    public static SafeFileHandle OpenToWrite(string path)
    {
        var (handle, error) = Open(path, WriteOnly | Create);
        if (error != 0) throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)}: {path}");
        if (LengthOf(handle) >= 0) return handle;
        handle.Dispose();
        throw new IOException($"something else than a file is in its place: {path}");
    }

    /// <summary>The length in bytes; -1 for what has none, such as a pipe.</summary>
    public static long LengthOf(SafeFileHandle handle)
    {
        try
        {
            return RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException)
        {
            return -1;
        }
    }

    private static (SafeFileHandle Handle, int Error) Open(string path, int how)
    {
        var handle = new SafeFileHandle(Open(path, how | NonBlocking | NoFollow | CloseOnExec, AllMayReadAndWrite), ownsHandle: true);
        return (handle, handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);
}
