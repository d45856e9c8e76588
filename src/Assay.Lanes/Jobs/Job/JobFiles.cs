using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>The files that a job's events give rise to.</summary>
internal static class JobFiles
{
    public static IReadOnlyList<MirrorFile> Of(JobState state, RecordedEvent recorded)
    {
        var job = state.Job;
        if (recorded.Body is HoldoutsJudged judged) return [Kept(job, judged.Document)];
        if (recorded.Body is not JobEvent body) return [];
        var folder = JobPaths.Folder(job);
        var files = new List<MirrorFile>();
        switch (body)
        {
            case JobSubmitted:
                files.Add(Kept(job, job.Spec));
                files.Add(Kept(job, job.Input));
                files.Add(new DerivedFile(job.JobRoot, $"{folder}/{JobPaths.PolicyRefFile}", Bytes(new PolicyBundleFile(job.Bundle))));
                break;
            case DocumentMade made:
                files.Add(Kept(job, made.Document));
                break;
            case RegistryUpdated { Card: { } card }:
                files.Add(Kept(job, card));
                break;
        }

        files.Add(new LatestFile(job.JobRoot, $"{folder}/{JobPaths.OutputsFile}", Bytes(OutputsIndex.Of(state))));
        return files;
    }

    /// <summary>The line of <c>events.jsonl</c>.</summary>
    /// <param name="state">The state that contains the event.</param>
    /// <param name="recorded">The event.</param>
    /// <param name="render">Makes its bytes.</param>
    public static IReadOnlyList<LogLine> Lines(JobState state, RecordedEvent recorded, Func<JobState, RecordedEvent, byte[]> render) =>
        recorded.Body is JobEvent ? [new LogLine(state.Job.JobRoot, $"{JobPaths.Folder(state.Job)}/{JobPaths.EventsFile}", render(state, recorded))] : [];

    private static BlobFile Kept(JobDeclaration job, DocumentRef document) =>
        new(job.JobRoot, $"{JobPaths.Folder(job)}/{document.Path}", document.SizeBytes, document.Sha256);

    private static byte[] Bytes(OutputsIndex index) => [.. JsonSerializer.SerializeToUtf8Bytes(index, JobFileJson.Default.OutputsIndex), (byte)'\n'];

    private static byte[] Bytes(PolicyBundleFile file) => [.. JsonSerializer.SerializeToUtf8Bytes(file, JobFileJson.Default.PolicyBundleFile), (byte)'\n'];
}

/// <summary><c>outputs/outputs.json</c>: references to the documents in force.</summary>
internal sealed record OutputsIndex(string SchemaVersion, string JobId, string? RunId, ImmutableSortedDictionary<string, OutputReference> Documents)
{
    public static OutputsIndex Of(JobState state) => new(
        "outputs_v1", state.Job.JobId, state.Run?.RunId,
        state.Documents.Values.Where(d => d.Path.Length > 0).ToImmutableSortedDictionary(
            d => d.Name, d => new OutputReference(d.Path, d.Sha256, d.SizeBytes, d.Contract), StringComparer.Ordinal));
}

/// <summary>A document that another file refers to.</summary>
internal sealed record OutputReference(string Path, Digest Sha256, long SizeBytes, string Contract);

/// <summary><c>outputs/policy_bundle_ref.json</c>.</summary>
internal sealed record PolicyBundleFile(string SchemaVersion, string PolicyBundlePath, string PolicyBundleId, Digest PolicyBundleSha256)
{
    public PolicyBundleFile(PolicyBundleRef bundle) : this("policy_bundle_ref_v1", bundle.Path, bundle.Id, bundle.Sha256)
    {
    }
}
