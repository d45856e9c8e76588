using System.Collections.Immutable;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;

namespace Assay.Kernel.Effects;

/// <summary>
/// The contents that files of a change set had before it, written into a run root, each once: <c>FOLDER/SHA256</c>.
/// </summary>
/// <param name="Folder">Their folder below the run root.</param>
/// <param name="Changes">The change set, a document of the ledger.</param>
/// <param name="Extensions">Of the files that are meant, with the dot and in lower case.</param>
public sealed record StagedBefore(string Folder, Digest Changes, ImmutableArray<string> Extensions)
{
    /// <summary>No larger content is written: whoever needs it sees that it is not there.</summary>
    public const long MaxFileBytes = 16 << 20;

    /// <summary>The digests of what is meant.</summary>
    /// <param name="changes">The change set.</param>
    /// <exception cref="System.Text.Json.JsonException">It is none.</exception>
    public IEnumerable<Digest> Of(ReadOnlySpan<byte> changes) => ChangeSet.Read(changes).Files
        .Where(f => f.Before is { Kind: EntryKind.File, SizeBytes: <= MaxFileBytes } && IsMeant(f.From ?? f.Path)).Select(f => f.Before!.Sha256).Distinct();

    /// <summary>The name of a content below the run root.</summary>
    public string NameOf(Digest content) => $"{Folder}/{content}";

    private bool IsMeant(string path) => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());
}
