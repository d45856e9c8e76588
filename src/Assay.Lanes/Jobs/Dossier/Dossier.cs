using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>A file of a dossier, its path relative to the dossier's folder.</summary>
internal sealed record DossierFile(string Path, Digest Sha256, long SizeBytes);

/// <summary><c>dossier_manifest.json</c>: the files of a run with their digests, and what decided what it did.</summary>
internal sealed record DossierManifest
{
    public string SchemaVersion { get; init; } = "dossier_manifest_v1";

    public required string RunId { get; init; }

    public required Digest RunSha256 { get; init; }

    public required string SnapshotId { get; init; }

    public required Digest RunspecSha256 { get; init; }

    public required ImmutableSortedDictionary<string, Digest> Components { get; init; }

    public required ImmutableArray<SegmentRef> Segments { get; init; }

    public required ImmutableArray<DossierFile> Files { get; init; }

    public static DossierManifest Of(DossierDeclared run, ImmutableArray<DossierFile> files) => new()
    {
        RunId = run.RunId,
        RunSha256 = run.RunSha256,
        SnapshotId = run.SnapshotId,
        RunspecSha256 = run.Runspec.Sha256,
        Components = ImmutableSortedDictionary.Create<string, Digest>(StringComparer.Ordinal).Add(JobStages.Run, run.Component.Sha256),
        Segments = run.Segments,
        Files = files,
    };

    /// <summary>The same without anything of a hold-out, and with the open summary in the place of the whole one.</summary>
    public DossierManifest Without(IReadOnlyList<string> hidden, DossierFile? summary) => this with
    {
        Files =
        [
            .. Files.Where(f => !hidden.Any(h => f.Path.StartsWith(h, StringComparison.Ordinal))),
            .. summary is null ? [] : new[] { summary },
        ],
    };

    public static DossierManifest Read(ReadOnlyMemory<byte> bytes) => JsonSerializer.Deserialize(bytes.Span, JobFileJson.Default.DossierManifest)!;

    public byte[] Bytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, JobFileJson.Default.DossierManifest), (byte)'\n'];
}

/// <summary>The layout of a dossier.</summary>
internal static class DossierLayout
{
    public const string Metrics = "metrics.json";
    public const string Curve = "curve.csv";
    public const string Trades = "trades.csv";
    public const string Summary = "segments_summary.json";

    public static string Segment(string segmentId, string file) => $"segments/{segmentId}/{file}";

    /// <summary>Beginnings of the paths that hold something of a hold-out: their folders, and the summary of all.</summary>
    public static IReadOnlyList<string> OfHoldouts(ImmutableArray<SegmentRef> segments)
    {
        var folders = segments.Where(s => s.Holdout).Select(s => Segment(s.SegmentId, "")).ToList();
        return folders.Count == 0 ? [] : [.. folders, Summary];
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(DossierManifest))]
[JsonSerializable(typeof(OutputsIndex))]
[JsonSerializable(typeof(PolicyBundleFile))]
internal sealed partial class JobFileJson : JsonSerializerContext;
