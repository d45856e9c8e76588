using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>A file outside the ledger that carries the same facts, for <c>cat</c> and <c>jq</c>.</summary>
/// <param name="Root">Folder below which it lies; null for the workspace.</param>
/// <param name="Path">Relative to the root, with <c>/</c>.</param>
public abstract record MirrorFile(string? Root, string Path)
{
    /// <summary>Whether it is written anew whenever it changes, so that only the last version counts.</summary>
    public virtual bool OnlyLastCounts => false;
}

/// <summary>A file, written once, whose bytes follow from the ledger's events.</summary>
public sealed record DerivedFile(string? Root, string Path, ReadOnlyMemory<byte> Content) : MirrorFile(Root, Path);

/// <summary>A file, written once, whose bytes the ledger keeps as a blob.</summary>
public sealed record BlobFile(string? Root, string Path, long SizeBytes, Digest Sha256) : MirrorFile(Root, Path);

/// <summary>A file that an effect wrote; the ledger holds its digest.</summary>
public sealed record CapturedFile(string? Root, string Path, long SizeBytes, Digest Sha256) : MirrorFile(Root, Path);

/// <summary>
/// A line of a file that only grows, where its event put it: one that was torn by a crash is simply written again. Its bytes were made once
/// and are a blob of the ledger, so that wording may change without any file changing.
/// </summary>
/// <param name="Root">Folder below which it lies; null for the workspace.</param>
/// <param name="Path">Relative to the root.</param>
/// <param name="Offset">The byte at which the line begins.</param>
/// <param name="SizeBytes">Its length with the line break.</param>
/// <param name="Sha256">The digest of its bytes.</param>
public sealed record AppendedLine(string? Root, string Path, long Offset, int SizeBytes, Digest Sha256) : MirrorFile(Root, Path)
{
    /// <summary>The bytes, where they are at hand; null: the ledger keeps them.</summary>
    public ReadOnlyMemory<byte>? Content { get; init; }

    /// <summary>Where the file ends with this line.</summary>
    public long End => Offset + SizeBytes;
}

/// <summary>A line that a lane adds to a file that only grows. The kernel says where it goes.</summary>
/// <param name="Root">Folder below which the file lies; null for the workspace.</param>
/// <param name="Path">Relative to the root.</param>
/// <param name="Bytes">Its bytes with the line break.</param>
public sealed record LogLine(string? Root, string Path, ReadOnlyMemory<byte> Bytes);

/// <summary>An index that is written anew whenever it changes; only the last version counts.</summary>
public sealed record LatestFile(string? Root, string Path, ReadOnlyMemory<byte> Content) : MirrorFile(Root, Path)
{
    public override bool OnlyLastCounts => true;
}

/// <summary>The same, with bytes that the ledger keeps as a blob.</summary>
public sealed record LatestBlob(string? Root, string Path, long SizeBytes, Digest Sha256) : MirrorFile(Root, Path)
{
    public override bool OnlyLastCounts => true;
}
