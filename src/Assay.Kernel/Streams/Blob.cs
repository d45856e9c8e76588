namespace Assay.Kernel.Streams;

/// <summary>Bytes kept by their digest, in the transaction of the event that names it.</summary>
public sealed record Blob(Digest Sha256, ReadOnlyMemory<byte> Bytes)
{
    public static Blob Of(ReadOnlyMemory<byte> bytes) => new(Digest.Of(bytes.Span), bytes);
}
