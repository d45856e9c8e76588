using System.Text.Json.Nodes;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>The files of a project that its patches give rise to.</summary>
public static class PatchFiles
{
    public const string LineVersion = "patch_event_v1";

    public static IReadOnlyList<MirrorFile> Of(ProjectState state, RecordedEvent recorded)
    {
        if (recorded.Body is ResultsPublished published) return [new LatestBlob(state.Root, TaskPaths.Results, published.SizeBytes, published.Sha256)];
        if (Line(state, recorded) is not { } line) return [];
        var appended = new AppendedLine(state.Root, TaskPaths.PatchLedger, state.LedgerBytes - line.Length, line);
        return recorded.Body is PatchCreated { Patch: var patch }
            ? [new BlobFile(state.Root, TaskPaths.Diff(patch.PatchId), patch.DiffBytes, patch.DiffSha256), appended]
            : [appended];
    }

    /// <summary>A line of <c>.state/patch_ledger.jsonl</c> with its break; null for an event that is none. The state contains the event.</summary>
    public static byte[]? Line(ProjectState state, RecordedEvent recorded)
    {
        var (patchId, word, reason, by) = recorded.Body switch
        {
            PatchCreated created => (created.Patch.PatchId, PatchMoves.Word(PatchState.Created), null, null),
            PatchMoved moved => (moved.PatchId, PatchMoves.Word(moved.State), moved.Reason, moved.By),
            _ => (null, null, null, null),
        };
        if (patchId is null) return null;
        var patch = state.Patches[patchId].Patch;
        var line = new JsonObject
        {
            ["schema_version"] = LineVersion,
            ["version"] = recorded.Version,
            ["recorded_at"] = RecordedTime.Text(recorded.At),
            ["patch_id"] = patchId,
            ["diff_sha256"] = patch.DiffSha256.ToString(),
            ["run_id"] = patch.RunId,
            ["task_id"] = patch.TaskId,
            ["state"] = word,
            ["files"] = new JsonArray([.. patch.Files.Select(f => JsonValue.Create(f))]),
            ["file_count"] = patch.FileCount,
            ["lines_added"] = patch.Added,
            ["lines_removed"] = patch.Removed,
            ["base_tree_sha256"] = patch.BaseTreeSha256.ToString(),
        };
        if (reason is not null) line["reason"] = reason;
        if (by is not null) line["by"] = by.Name;
        return JsonLine.Of(line);
    }
}
