using System.Collections.Immutable;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>
/// What a component finds in the file that ASSAY_STAGE_INPUT names: contract <c>stage_input_v1</c>. Paths are relative to that file.
/// </summary>
internal sealed record StageInput
{
    public const string Version = "stage_input_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string Stage { get; init; }

    public string? JobId { get; init; }

    public string? RunId { get; init; }

    public required string SnapshotId { get; init; }

    public string? PolicyBundleId { get; init; }

    public required ImmutableSortedDictionary<string, StageDocument> Documents { get; init; }

    /// <summary>The files of the run that the stage may see.</summary>
    public ImmutableArray<StageDocument>? Dossier { get; init; }
}

/// <summary>A file that a component is given.</summary>
internal sealed record StageDocument(string Path, Digest Sha256, string? Contract = null);
