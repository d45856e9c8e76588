using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Assay.Native;

/// <summary>Brings the content of one open file into another.</summary>
internal static class FileContent
{
    /// <summary>Bytes that the kernel is asked to bring over at once, so that a cancellation is heard in between.</summary>
    private const int AtOnce = 64 << 20;

    private const int ChunkBytes = 128 * 1024;

    /// <summary>Copies all, sharing blocks where the file system can, and sets the mode.</summary>
    /// <param name="from">The source.</param>
    /// <param name="to">The target, which is empty.</param>
    /// <param name="mode">Its permission bits from then on.</param>
    /// <param name="cancel">Ends it in the middle.</param>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Copy(SafeFileHandle from, SafeFileHandle to, uint mode, CancellationToken cancel)
    {
        var (source, target) = ((int)from.DangerousGetHandle(), (int)to.DangerousGetHandle());
        long done = 0;
        for (; ; )
        {
            cancel.ThrowIfCancellationRequested();
            var copied = Libc.CopyFileRange(source, 0, target, 0, AtOnce, 0);
            if (copied <= 0) break;
            done += copied;
        }

        // Where the kernel cannot do it, and for what it says the end of too early, as of files in /proc.
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (int length; (length = RandomAccess.Read(from, buffer, done)) > 0; done += length)
            {
                cancel.ThrowIfCancellationRequested();
                RandomAccess.Write(to, buffer.AsSpan(0, length), done);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (Libc.FChMod(target, mode) != 0) throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }
}
