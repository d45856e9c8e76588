using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>Bytes by their digest, which come with a commit.</summary>
public interface IBlobs
{
    /// <summary>The blob's bytes, or null.</summary>
    ValueTask<byte[]?> ReadBlobAsync(Digest sha256);
}
