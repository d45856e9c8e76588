using System.Collections.Immutable;
using System.Text.Json;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;
using Assay.Native;

namespace Assay.Jobs;

/// <summary>A run as it may be shown. Of a hold-out there is pass or fail and the figures that the policy permits, whoever asks.</summary>
public sealed record DossierView
{
    public required string RunId { get; init; }

    public required string RunSha256 { get; init; }

    /// <summary>RUNNING, COMPLETED, FAILED, STOPPED_BUDGET or CANCELLED.</summary>
    public required string Status { get; init; }

    public string? Message { get; init; }

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

/// <summary>A curve.</summary>
public sealed record CurveAnswer(ImmutableArray<CurvePoint> Points);

/// <summary>Reads runs from the ledger and their dossiers. Whatever is read from a dossier is compared with the ledger first.</summary>
public sealed class DossierReader(Workspace workspace)
{
    private const long MaxFileBytes = 8 << 20;
    private const int MaxJobsShown = 50;

    private static readonly ImmutableSortedDictionary<string, decimal?> NoMetrics = ImmutableSortedDictionary.Create<string, decimal?>(StringComparer.Ordinal);

    private IEventStore Store => workspace.Store;

    /// <summary>The run, or null when there is none of that id.</summary>
    public async Task<DossierView?> FindAsync(string runId)
    {
        if (!JobIdentity.IsShortId(runId) || await Store.FindAsync(DossierLane.StreamOf(runId)) is null) return null;
        var state = (DossierState)(await StreamLoad.OfAsync(Store, DossierLane.Instance, DossierLane.StreamOf(runId))).State;
        var jobs = await JobsAsync(runId);
        return new DossierView
        {
            RunId = runId,
            RunSha256 = state.Declared.RunSha256.ToString(),
            Status = state.Status,
            Message = state.Failure?.Message,
            SnapshotId = state.Declared.SnapshotId,
            Metrics = Metrics(state, DossierLayout.Metrics),
            Segments = [.. state.Declared.Segments.Select(s => Segment(state, s, jobs))],
            Jobs = jobs,
        };
    }

    /// <summary>The curve of a segment that is no hold-out, or of the whole run; empty when there is none.</summary>
    public async Task<ImmutableArray<CurvePoint>> CurveAsync(string runId, string? segmentId)
    {
        if (!JobIdentity.IsShortId(runId) || await Store.FindAsync(DossierLane.StreamOf(runId)) is null) return [];
        var state = (DossierState)(await StreamLoad.OfAsync(Store, DossierLane.Instance, DossierLane.StreamOf(runId))).State;
        if (segmentId is not null && state.Declared.Segments.FirstOrDefault(s => s.SegmentId == segmentId) is not { Holdout: false }) return [];
        if (segmentId is null && state.Declared.Segments.Length > 0) return [];
        var name = segmentId is null ? DossierLayout.Curve : DossierLayout.Segment(segmentId, DossierLayout.Curve);
        return Read(state, name) is { } bytes ? CurveText.Parse(bytes) : [];
    }

    private SegmentView Segment(DossierState state, SegmentRef segment, ImmutableArray<RunJobView> jobs)
    {
        var metrics = Metrics(state, DossierLayout.Segment(segment.SegmentId, DossierLayout.Metrics));
        if (!segment.Holdout) return new SegmentView(segment.SegmentId, Holdout: false, null, metrics);
        var gates = jobs.Where(j => j.Verdict is not null).Select(j => j.Gates.Where(g => g.SegmentId == segment.SegmentId).ToList()).LastOrDefault(g => g.Count > 0);
        var verdict = gates is null ? null : gates.All(g => g is { Status: "PASS", Threshold: not null }) ? "PASS" : "FAIL";
        return new SegmentView(segment.SegmentId, Holdout: true, verdict, metrics.RemoveRange(metrics.Keys.Except(state.Declared.HoldoutMetrics, StringComparer.Ordinal)));
    }

    private async Task<ImmutableArray<RunJobView>> JobsAsync(string runId)
    {
        var jobs = ImmutableArray.CreateBuilder<RunJobView>();
        var query = new RowQuery(JobTables.Jobs, "submitted_at", MaxJobsShown) { Where = [("run_id", runId)] };
        foreach (var row in await Store.RowsAsync(query))
        {
            var job = (JobState)(await StreamLoad.OfAsync(Store, JobLane.Instance, JobLane.StreamOf(row.Key))).State;
            jobs.Add(new RunJobView(row.Key, row.Text("title")!, row.Text("verdict"), await GatesAsync(job)));
        }

        return jobs.ToImmutable();
    }

    /// <summary>The gates of a job, as its document says.</summary>
    internal async Task<ImmutableArray<GateView>> GatesAsync(JobState job)
    {
        if (job.Gates is not { } gates || await Store.ReadBlobAsync(gates.Document.Sha256) is not { } bytes) return [];
        using var document = JsonDocument.Parse(bytes);
        return
        [
            .. (job.Holdouts?.Verdicts ?? []).Select(v => Of(job.Job.HoldoutGates.First(g => g.GateId == v.GateId), v)),
            .. GateRule.Read(document.RootElement).Gates.Select(g => new GateView(
                g.GateId, GateRule.HasPassed(g) ? "PASS" : "FAIL", g.Metric, g.Operator, g.Threshold, g.Value, g.SegmentId, g.Reason)),
        ];
    }

    private static GateView Of(HoldoutGate gate, HoldoutVerdict verdict) =>
        new(gate.GateId, verdict.Passed ? "PASS" : "FAIL", gate.Metric, gate.Operator, gate.Threshold, null, verdict.SegmentId, null);

    private ImmutableSortedDictionary<string, decimal?> Metrics(DossierState state, string name)
    {
        if (Read(state, name) is not { } bytes) return NoMetrics;
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.GetProperty("metrics").EnumerateObject()
            .ToImmutableSortedDictionary(m => m.Name, m => m.Value.ValueKind == JsonValueKind.Number ? m.Value.GetDecimal() : (decimal?)null, StringComparer.Ordinal);
    }

    /// <summary>A file of a dossier whose content is what the ledger says; null when it is not there or was changed.</summary>
    private byte[]? Read(DossierState state, string name)
    {
        if (state.Files.FirstOrDefault(f => f.Path == name) is not { } file || file.SizeBytes > MaxFileBytes) return null;
        try
        {
            using var top = FolderHandle.OpenNamed(workspace.Root);
            using var found = top.OpenFile($"{JobPaths.Dossier(state.Declared.RunId)}/{file.Path}");
            if (found.Handle is null || found.SizeBytes != file.SizeBytes) return null;
            var bytes = found.ReadAll(MaxFileBytes);
            return Digest.Of(bytes) == file.Sha256 ? bytes : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
