using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>What a run's stream records, beside the effects.</summary>
internal abstract record DossierEvent : Event;

/// <summary>Somebody wants the dossier of this run specification.</summary>
internal sealed record DossierDeclared : DossierEvent
{
    public required string RunId { get; init; }

    public required Digest RunSha256 { get; init; }

    /// <summary>The job that asked.</summary>
    public required string JobId { get; init; }

    public required DocumentRef Runspec { get; init; }

    public required string SnapshotId { get; init; }

    public required ComponentBinding Component { get; init; }

    public required ImmutableArray<SegmentRef> Segments { get; init; }

    /// <summary>The figures of a hold-out that may be shown.</summary>
    public required ImmutableArray<string> HoldoutMetrics { get; init; }

    /// <summary>What the job has left of its budget; null: no limit.</summary>
    public long? MaxWallClockMs { get; init; }

    [JsonPropertyName("max_cost_micro_usd")]
    public Usd? MaxCost { get; init; }
}

/// <summary>There is no dossier.</summary>
/// <param name="Status">How it ended instead.</param>
/// <param name="Rule">The rule's short name; for STOPPED_BUDGET the limit's.</param>
/// <param name="Message">What happened, for a person.</param>
internal sealed record DossierFailed(DossierEnd Status, string Rule, string Message) : DossierEvent;

/// <summary>What the run left is in order, and has hold-outs; its summary is kept once more without them.</summary>
/// <param name="Summary">That summary.</param>
internal sealed record DossierJudged(DossierFile Summary) : DossierEvent;

/// <summary>The dossier is complete.</summary>
internal sealed record DossierFinished(ImmutableArray<DossierFile> Files) : DossierEvent;

/// <summary>Somebody asked to end it.</summary>
internal sealed record DossierCancelRequested(string By) : DossierEvent;
