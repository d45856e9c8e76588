using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Trees;

/// <summary>What became of a file.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ChangeKind>))]
public enum ChangeKind
{
    [JsonStringEnumMemberName("created")]
    Created,

    [JsonStringEnumMemberName("modified")]
    Modified,

    [JsonStringEnumMemberName("deleted")]
    Deleted,

    /// <summary>Its content lies under another name now.</summary>
    [JsonStringEnumMemberName("renamed")]
    Renamed,

    /// <summary>Only its mode is another.</summary>
    [JsonStringEnumMemberName("mode")]
    Mode,
}

/// <summary>What stands at a path.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EntryKind>))]
public enum EntryKind
{
    [JsonStringEnumMemberName("file")]
    File,

    /// <summary>A symbolic link; its content is where it points.</summary>
    [JsonStringEnumMemberName("link")]
    Link,

    /// <summary>A pipe, a socket or a device. It has no content.</summary>
    [JsonStringEnumMemberName("special")]
    Special,
}

/// <summary>A file as it was or is: what it is, its permission bits, its content.</summary>
public sealed record FileVersion(EntryKind Kind, int Mode, long SizeBytes, Digest Sha256)
{
    /// <summary>Where a link points.</summary>
    public string? Target { get; init; }
}

/// <summary>A change of one file.</summary>
/// <param name="Path">Relative to the tree, with <c>/</c>; the new name of a renamed file.</param>
/// <param name="Change">What became of it.</param>
/// <param name="From">The old name of a renamed file.</param>
/// <param name="Before">Null when there was none.</param>
/// <param name="After">Null when there is none any more.</param>
public sealed record FileChange(string Path, ChangeKind Change, string? From, FileVersion? Before, FileVersion? After);

/// <summary>All changes between two states of a tree, with the contents before and after kept by their digests, so that they can be made and taken back byte for byte.</summary>
/// <param name="BaseTreeSha256">The identity of the tree before.</param>
/// <param name="DiffSha256">The unified diff of the same changes.</param>
/// <param name="Files">By path.</param>
/// <param name="Added">Lines added in text files.</param>
/// <param name="Removed">Lines removed from text files.</param>
public sealed record ChangeSet(Digest BaseTreeSha256, Digest DiffSha256, ImmutableArray<FileChange> Files, long Added, long Removed)
{
    /// <summary>The name of a patch: the beginning of the digest of its diff.</summary>
    public string PatchId => DiffSha256.Short(16);

    /// <exception cref="JsonException">The bytes are no change set.</exception>
    public static ChangeSet Read(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize(bytes, ChangeJson.Default.ChangeSet)!;

    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, ChangeJson.Default.ChangeSet);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChangeSet))]
internal sealed partial class ChangeJson : JsonSerializerContext;
