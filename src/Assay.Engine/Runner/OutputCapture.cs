using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Assay.Kernel.Streams;
using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Engine.Runner;

/// <summary>
/// Moves what a process prints into a file while it runs, up to a cap, with its digest. The bytes are kept as they come: no decoding,
/// no lines.
/// </summary>
internal sealed unsafe class OutputCapture : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Output up to this size is also kept in memory, to be stored inside the ledger's own transaction.</summary>
    public const int SmallBytes = 32 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly MemoryStream _head = new();
    private readonly long _cap;
    private readonly Action<byte[]>? _tap;
    private readonly SafeFileHandle _file;
    private int _pipe;

    /// <param name="file">A new file, which is closed with this.</param>
    /// <param name="cap">The most bytes to keep.</param>
    /// <param name="tap">Is given what was kept, as it comes; null: nobody watches.</param>
    public OutputCapture(SafeFileHandle file, long cap, Action<byte[]>? tap = null) => (_file, _cap, _tap, _pipe) = (file, cap, tap, -1);

    /// <summary>The pipe that is read, or -1 when it has ended.</summary>
    public int Pipe => _pipe;

    public long SizeBytes { get; private set; }

    /// <summary>More was printed than the cap allows; the rest was not kept.</summary>
    public bool Truncated { get; private set; }

    /// <summary>Why what was printed could not be kept; null when all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>Everything that was kept, when it is small; else null.</summary>
    public byte[]? Small => SizeBytes <= SmallBytes ? _head.ToArray() : null;

    public void Attach(int pipe) => _pipe = pipe;

    /// <summary>Takes what is there without waiting, at most <paramref name="rounds"/> buffers full.</summary>
    public void Pump(byte[] buffer, int rounds = 4)
    {
        fixed (byte* bytes = buffer)
        {
            while (_pipe >= 0 && rounds-- > 0)
            {
                var length = (int)Libc.Read(_pipe, bytes, (nuint)buffer.Length);
                if (length < 0 && Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR) return;
                if (length <= 0)
                {
                    ClosePipe();
                    return;
                }

                Keep(buffer.AsSpan(0, length));
                if (length < buffer.Length) return;
            }
        }
    }

    /// <summary>The digest of what was kept.</summary>
    public Digest Digest() => Kernel.Streams.Digest.From(_hash.GetCurrentHash());

    /// <summary>Makes the file's content survive a loss of power.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Sync()
    {
        if (Libc.FSync((int)_file.DangerousGetHandle()) != 0) throw new IOException($"fsync: {Libc.LastError()}");
    }

    public void Dispose()
    {
        ClosePipe();
        _file.Dispose();
        _hash.Dispose();
    }

    public static byte[] NewBuffer() => GC.AllocateUninitializedArray<byte>(BufferBytes);

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (Failure is not null) return;
        var room = _cap - SizeBytes;
        if (bytes.Length > room)
        {
            Truncated = true;
            bytes = bytes[..(int)Math.Max(0, room)];
        }

        if (bytes.IsEmpty || !WriteAll(bytes)) return;
        _hash.AppendData(bytes);
        if (SizeBytes + bytes.Length <= SmallBytes) _head.Write(bytes);
        SizeBytes += bytes.Length;
        _tap?.Invoke(bytes.ToArray());
    }

    private bool WriteAll(ReadOnlySpan<byte> bytes)
    {
        var file = (int)_file.DangerousGetHandle();
        fixed (byte* start = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var written = (int)Libc.Write(file, start + done, (nuint)(bytes.Length - done));
                if (written < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR) continue;
                if (written <= 0)
                {
                    Failure = Libc.LastError();
                    return false;
                }

                done += written;
            }
        }

        return true;
    }

    private void ClosePipe()
    {
        if (_pipe >= 0) _ = Libc.Close(_pipe);
        _pipe = -1;
    }
}
