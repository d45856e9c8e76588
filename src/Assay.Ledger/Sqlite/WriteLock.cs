using System.Diagnostics;
using System.Runtime.InteropServices;
using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// One writer at a time over all processes of a workspace (flock). SQLite's own lock would do, but waits by polling with growing pauses,
/// and older versions can lose pages when a checkpoint meets a WAL reset; this lock covers both.
/// </summary>
public sealed partial class WriteLock : IDisposable
{
    private const int NewNeverThroughLinks = Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int Unlock = 8;
    private const int WouldBlock = 11;
    private const int Interrupted = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly SafeFileHandle _handle;

    /// <param name="path">The file that is locked; it is made when it is not there.</param>
    /// <exception cref="LedgerException">It cannot be made or opened.</exception>
    public WriteLock(string path)
    {
        // Not File.OpenHandle: that takes a shared flock of its own, and fails while another process holds the lock.
        _path = path;
        _handle = new SafeFileHandle(Open(path, NewNeverThroughLinks, 0x1A4), ownsHandle: true);
        if (_handle.IsInvalid) throw new LedgerException($"{path} cannot be opened ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())})");
    }

    /// <summary>The lock file of a ledger.</summary>
    public static string PathFor(string ledger) => ledger + ".lock";

    /// <exception cref="LedgerException">Another process held the lock for too long, or the file system has no locks.</exception>
    public void Enter()
    {
        if (TryEnter()) return;
        var waited = Stopwatch.StartNew();
        var pause = new SpinWait();
        while (!TryEnter())
        {
            if (waited.Elapsed > Patience)
            {
                throw new LedgerException(
                    $"another process{Holder()} has held {_path} for {Patience.TotalSeconds:0} seconds: is it stopped? Continue it or end it, then run again");
            }

            pause.SpinOnce();
        }
    }

    /// <summary>Lets the next one in.</summary>
    public void Exit() => Flock(_handle, Unlock);

    /// <summary>
    /// Writes a byte, which all who watch the file are told. Where that cannot be done they find out a little later by themselves.
    /// </summary>
    public unsafe void Ring()
    {
        byte nothing = 0;
        _ = PWrite(_handle, &nothing, 1, 0);
    }

    public void Dispose() => _handle.Dispose();

    private bool TryEnter()
    {
        if (Flock(_handle, Exclusive | NonBlocking) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        if (error is WouldBlock or Interrupted) return false;
        throw new LedgerException($"{_path} cannot be locked ({Marshal.GetPInvokeErrorMessage(error)}): put the workspace on a local disk");
    }

    /// <summary>Who holds the lock, from /proc/locks, which names processes by the inode of the locked file.</summary>
    private string Holder()
    {
        try
        {
            var inode = Inode(_handle);
            foreach (var line in File.ReadLines("/proc/locks"))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 5 && fields[1] == "FLOCK" && fields[5].EndsWith(":" + inode, StringComparison.Ordinal)) return $" (pid {fields[4]})";
            }
        }
        catch (IOException)
        {
            // Without /proc/locks the message names no process.
        }

        return "";
    }

    private static string Inode(SafeFileHandle handle)
    {
        const string field = "ino:";
        var line = File.ReadLines($"/proc/self/fdinfo/{handle.DangerousGetHandle()}").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line?[field.Length..].Trim() ?? "unknown";
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static unsafe partial nint PWrite(SafeFileHandle handle, byte* bytes, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle handle, int operation);
}
