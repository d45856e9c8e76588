using System.Collections.Immutable;
using System.Text.Json;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Ledger;
using Assay.Native;
using Assay.Observe;

namespace Assay.Jobs;

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
        if (await StateAsync(runId) is not { } state) return null;
        var jobs = await JobsAsync(runId);
        return new DossierView
        {
            RunId = runId,
            RunSha256 = state.Declared.RunSha256.ToString(),
            Status = state.Status,
            Message = state.Failure?.Message,
            Stderr = await StderrAsync(state),
            SnapshotId = state.Declared.SnapshotId,
            Metrics = Metrics(state, DossierLayout.Metrics),
            Segments = [.. state.Declared.Segments.Select(s => Segment(state, s, jobs))],
            Jobs = jobs,
        };
    }

    /// <summary>The curve of a segment that is no hold-out, or of the whole run; empty when there is none.</summary>
    public async Task<ImmutableArray<CurvePoint>> CurveAsync(string runId, string? segmentId) =>
        await OpenFileAsync(runId, segmentId, DossierLayout.Curve) is { } bytes ? CurveText.Parse(bytes) : [];

    /// <summary>The trades of a segment that is no hold-out, or of a run without segments; null when there are none to be shown.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="segmentId">The segment; null: of the whole run.</param>
    /// <param name="most">The most trades that are given whole.</param>
    public async Task<TradesAnswer?> TradesAsync(string runId, string? segmentId, int most) =>
        await OpenFileAsync(runId, segmentId, DossierLayout.Trades) is { } bytes ? TradesText.Parse(bytes, most) : null;

    /// <summary>A file of a segment, or of a run without segments; null when there is none, and of a hold-out always.</summary>
    private async Task<byte[]?> OpenFileAsync(string runId, string? segmentId, string file) =>
        await StateAsync(runId) is { } state && DossierRule.Shown(state.Declared.Segments, segmentId, file) is { } name
            ? Read(state, name)
            : null;

    /// <summary>The last lines of a failed run's standard error, as far as they may be shown; null: none.</summary>
    internal async ValueTask<ImmutableArray<string>?> StderrAsync(string runId) =>
        await StateAsync(runId) is { } state ? await StderrAsync(state) : null;

    private ValueTask<ImmutableArray<string>?> StderrAsync(DossierState state) =>
        new StderrTail(workspace, Secrets.OfVariables(state.Declared.Component.Inherit)).ReadAsync(root: null, StderrRule.Of(state));

    private async Task<DossierState?> StateAsync(string runId) =>
        JobIdentity.IsShortId(runId) && await Store.FindAsync(DossierLane.StreamOf(runId)) is { } found
            ? (DossierState)(await StreamLoad.OfAsync(Store, DossierLane.Instance, found.Stream)).State
            : null;

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
