using System.Collections.Immutable;

namespace Assay.Lanes.Jobs;

/// <summary>A run as it may be shown. Of a hold-out there is pass or fail and the figures that the policy permits, whoever asks.</summary>
public sealed record DossierView
{
    public required string RunId { get; init; }

    public required string RunSha256 { get; init; }

    /// <summary>RUNNING, COMPLETED, FAILED, STOPPED_BUDGET or CANCELLED.</summary>
    public required string Status { get; init; }

    public string? Message { get; init; }

    /// <summary>
    /// The last lines that the program of a failed run wrote to its standard error, untrusted; left out where it saw a hold-out, or wrote
    /// none.
    /// </summary>
    public ImmutableArray<string>? Stderr { get; init; }

    public required string SnapshotId { get; init; }

    /// <summary>Figures of the whole run.</summary>
    public required ImmutableSortedDictionary<string, decimal?> Metrics { get; init; }

    public required ImmutableArray<SegmentView> Segments { get; init; }

    /// <summary>The jobs that used it, with their gates.</summary>
    public required ImmutableArray<RunJobView> Jobs { get; init; }
}

/// <summary>A segment.</summary>
/// <param name="SegmentId">Its id.</param>
/// <param name="Holdout">Whether it was held out.</param>
/// <param name="Verdict">For a hold-out PASS or FAIL of its gates, once they were evaluated.</param>
/// <param name="Metrics">The figures that may be shown.</param>
public sealed record SegmentView(string SegmentId, bool Holdout, string? Verdict, ImmutableSortedDictionary<string, decimal?> Metrics);

/// <summary>A job that used a run, and its gates.</summary>
public sealed record RunJobView(string JobId, string Title, string? Verdict, ImmutableArray<GateView> Gates);

/// <summary>A gate as it may be shown.</summary>
public sealed record GateView(string GateId, string Status, string Metric, string Operator, decimal? Threshold, decimal? Value, string? SegmentId, string? Reason);

/// <summary>A point of a curve.</summary>
public sealed record CurvePoint(string At, double Value);

/// <summary>The trades of a segment that was not held out, or of a run without segments.</summary>
/// <param name="Columns">The headings of <c>trades.csv</c>; empty when it has none.</param>
/// <param name="Rows">The trades in the order of the file, each with as many cells as its line has.</param>
/// <param name="Total">How many trades there are; more than rows when there are too many to be given at once.</param>
public sealed record TradesAnswer(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<string>> Rows, int Total);

/// <summary>A curve.</summary>
public sealed record CurveAnswer(ImmutableArray<CurvePoint> Points);
