using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>A write-once file outside the ledger that carries the same facts, for <c>cat</c> and <c>jq</c>.</summary>
/// <param name="Root">Folder below which it lies; null for the workspace.</param>
/// <param name="Path">Relative to the root, with <c>/</c>.</param>
public abstract record MirrorFile(string? Root, string Path);

/// <summary>A file whose bytes follow from the ledger: it can always be written again.</summary>
public sealed record DerivedFile(string? Root, string Path, ReadOnlyMemory<byte> Content) : MirrorFile(Root, Path);

/// <summary>A file that an effect wrote; the ledger holds its digest.</summary>
public sealed record CapturedFile(string? Root, string Path, long SizeBytes, Digest Sha256) : MirrorFile(Root, Path);
