using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Assay.Jobs;
using Assay.Kernel.Json;
using Assay.Lanes.Jobs;

namespace Assay.Server.Pages.Jobs;

/// <summary>A document as the job page shows it.</summary>
/// <param name="Document">Which.</param>
/// <param name="Text">Its content, indented.</param>
/// <param name="Before">What it is compared with: the version before, else the document of the job that spawned this one; null: nothing.</param>
/// <param name="BeforeName">What that is.</param>
public sealed record ShownDocument(DocumentView Document, string Text, string? Before, string? BeforeName);

/// <summary>What the page of a job shows.</summary>
public sealed record JobPageModel(
    JobView View, IReadOnlyList<ShownDocument> Documents, IReadOnlyList<GateView> Gates, IReadOnlyList<JobEventView> Events, IReadOnlyList<JobSummary> Family, DateTimeOffset Now)
{
    private const int MaxFamily = 200;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads everything; null when there is no such job.</summary>
    public static async Task<JobPageModel?> LoadAsync(JobService service, string jobId, DateTimeOffset now)
    {
        if (await service.DetailAsync(jobId) is not { View: var view } job) return null;
        var parent = view.Job.ParentJobId is { } parentId ? await service.ViewAsync(parentId) : null;
        var documents = new List<ShownDocument>();
        foreach (var document in view.Documents.Where(d => d.InForce)) documents.Add(await ShownAsync(service, view, parent, document));
        return new JobPageModel(view, documents, job.Gates, job.Events, await service.FamilyAsync(view.Job.RootJobId, MaxFamily), now);
    }

    /// <summary>The curves of the segments that a report speaks of; never one of a hold-out.</summary>
    public IReadOnlyList<(string Segment, CurveShape Shape)> Curves { get; private init; } = [];

    /// <summary>The same with the curves of its run.</summary>
    public async Task<JobPageModel> WithCurvesAsync(DossierReader runs)
    {
        if (View.Job.RunId is not { } runId || await runs.FindAsync(runId) is not { } run) return this;
        var curves = new List<(string, CurveShape)>();
        foreach (var segment in run.Segments)
        {
            if (await runs.CurveAsync(runId, segment.SegmentId) is { Length: > 0 } points) curves.Add((segment.SegmentId, new CurveShape(points)));
        }

        return this with { Curves = curves };
    }

    private static async Task<ShownDocument> ShownAsync(JobService service, JobView job, JobView? parent, DocumentView document)
    {
        // Compared in the order of RFC 8785, so that a key in another place is no difference.
        async Task<string?> TextAsync(JobView of, int? version, bool isCompared = true) =>
            await service.DocumentAsync(of, document.Name, version) is { } bytes ? Pretty(bytes, isCompared) : null;
        var (before, name) = document.Version > 1
            ? (await TextAsync(job, document.Version - 1), $"version {document.Version - 1}")
            : parent is not null && document.Name != JobService.Spec
                ? (await TextAsync(parent, null), $"that of {parent.Job.JobId}, which spawned this job")
                : (null, null);
        return new ShownDocument(document, await TextAsync(job, document.Version, before is not null) ?? "(the ledger does not hold it)", before, name);
    }

    private static string Pretty(byte[] bytes, bool isCompared)
    {
        using var original = JsonDocument.Parse(bytes);
        using var document = JsonDocument.Parse(isCompared ? CanonicalJson.Serialize(original.RootElement) : bytes);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented)) document.RootElement.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
