using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Assay.Engine.Processes.Native;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Microsoft.Win32.SafeHandles;

namespace Assay.Engine.Files;

/// <summary>Reads what untrusted work left behind: no links, no pipes, no devices, and never more than was agreed.</summary>
internal static class EvidenceReader
{
    private const int ChunkBytes = 128 * 1024;

    /// <summary>The file's size and digest, and its content when asked for.</summary>
    public static (CollectedFile File, byte[]? Content) Read(string folder, CollectedName wanted)
    {
        try
        {
            var path = RootedPath.Resolve(folder, wanted.Name);
            if (RootedPath.IsLink(path)) return Refused(wanted, "is a link, which is not followed");
            if (Directory.Exists(path)) return Refused(wanted, "is a folder");
            using var handle = Open(path);
            if (handle.IsInvalid)
            {
                var isMissing = Marshal.GetLastPInvokeError() is Libc.ENOENT or Libc.ENOTDIR;
                return isMissing ? (CollectedFile.Missing(wanted.Name), null) : Refused(wanted, $"cannot be read: {Libc.LastError()}");
            }

            return Read(handle, wanted);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return Refused(wanted, e.Message);
        }
    }

    private static (CollectedFile File, byte[]? Content) Read(SafeFileHandle handle, CollectedName wanted)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var content = wanted.Content ? new MemoryStream() : null;
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            long size = 0;
            for (int length; (length = RandomAccess.Read(handle, buffer, size)) > 0;)
            {
                size += length;
                if (size > wanted.MaxBytes) return Refused(wanted, $"is larger than {wanted.MaxBytes} bytes");
                hash.AppendData(buffer, 0, length);
                content?.Write(buffer, 0, length);
            }

            return (new CollectedFile(wanted.Name, size, Digest.From(hash.GetHashAndReset()), null), content?.ToArray());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Without waiting for the other end of a pipe, and without following a link.</summary>
    private static SafeFileHandle Open(string path) =>
        new(Libc.Open(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0), ownsHandle: true);

    private static (CollectedFile, byte[]?) Refused(CollectedName wanted, string problem) =>
        (new CollectedFile(wanted.Name, 0, null, problem), null);
}
