using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Assay.Native;

/// <summary>SHA-256 of files that may be of any size.</summary>
internal static class FileHash
{
    private const int ChunkBytes = 128 * 1024;

    /// <summary>
    /// The digest of what a file holds, and how much that is; null when it is more than a bound. The size that it has is compared by
    /// whoever opened it, before a byte is read.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="maxBytes">The bound, for one that grows meanwhile.</param>
    /// <param name="take">Is given the content as it is read; null: nobody wants it.</param>
    /// <param name="cancel">Ends it between two reads.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (byte[] Sha256, long SizeBytes)? Of(SafeFileHandle file, long maxBytes, Stream? take = null, CancellationToken cancel = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            long size = 0;
            for (int length; (length = RandomAccess.Read(file, buffer, size)) > 0;)
            {
                cancel.ThrowIfCancellationRequested();
                size += length;
                if (size > maxBytes) return null;
                hash.AppendData(buffer, 0, length);
                take?.Write(buffer, 0, length);
            }

            return (hash.GetHashAndReset(), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
