using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Assay.Jobs;

namespace Assay.Server.Pages;

/// <summary>A document as the job page shows it.</summary>
/// <param name="Document">Which.</param>
/// <param name="Text">Its content, indented.</param>
/// <param name="Before">The version before, when it was replaced.</param>
public sealed record ShownDocument(DocumentView Document, string Text, string? Before);

/// <summary>What the page of a job shows.</summary>
public sealed record JobPageModel(
    JobView View, IReadOnlyList<ShownDocument> Documents, IReadOnlyList<GateView> Gates, IReadOnlyList<JobEventView> Events, IReadOnlyList<JobSummary> Family, DateTimeOffset Now)
{
    private const int MaxFamily = 200;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads everything; null when there is no such job.</summary>
    public static JobPageModel? Load(JobDesk desk, string jobId, DateTimeOffset now)
    {
        if (desk.View(jobId) is not { } view || desk.Find(jobId) is not { } job) return null;
        string Text(string name, int version) => desk.Document(job, name, version) is { } bytes ? Pretty(bytes) : "(the ledger does not hold it)";
        var documents = view.Documents.Where(d => d.InForce)
            .Select(d => new ShownDocument(d, Text(d.Name, d.Version), d.Version > 1 ? Text(d.Name, d.Version - 1) : null)).ToList();
        return new JobPageModel(view, documents, desk.Runs.Gates(job), desk.Events(jobId, 0), desk.Family(view.Job.RootJobId, MaxFamily), now);
    }

    private static string Pretty(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented)) document.RootElement.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
