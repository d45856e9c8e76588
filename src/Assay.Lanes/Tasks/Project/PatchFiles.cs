using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>The files of a project that its patches give rise to.</summary>
internal static class PatchFiles
{
    public static IReadOnlyList<MirrorFile> Of(ProjectState state, RecordedEvent recorded)
    {
        if (recorded.Body is ResultsPublished published) return [new LatestBlob(state.Root, TaskPaths.Results, published.SizeBytes, published.Sha256)];
        return recorded.Body is PatchCreated { Patch: var patch }
            ? [new BlobFile(state.Root, TaskPaths.Diff(patch.PatchId), patch.DiffBytes, patch.DiffSha256)]
            : [];
    }

    /// <summary>The line of the patch ledger; none for an event that moves no patch.</summary>
    /// <param name="state">The state that contains the event.</param>
    /// <param name="recorded">The event.</param>
    /// <param name="render">Makes its bytes.</param>
    public static IReadOnlyList<LogLine> Lines(ProjectState state, RecordedEvent recorded, Func<ProjectState, RecordedEvent, byte[]?> render) =>
        render(state, recorded) is { } line ? [new LogLine(state.Root, TaskPaths.PatchLedger, line)] : [];
}
