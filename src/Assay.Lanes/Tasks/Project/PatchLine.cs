using System.Text.Json.Nodes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>A line of <c>.state/patch_ledger.jsonl</c>: contract <c>patch_event_v1</c>.</summary>
internal static class PatchLine
{
    public const string Version = "patch_event_v1";

    /// <summary>
    /// A line of <c>.state/patch_ledger.jsonl</c> with its break; null for an event that is none. The state contains the event.
    /// </summary>
    public static byte[]? Of(ProjectState state, RecordedEvent recorded)
    {
        var (patchId, word, reason, by, untested) = recorded.Body switch
        {
            PatchCreated created => (created.Patch.PatchId, WireName<PatchState>.Of(PatchState.Created), null, null, false),
            PatchMoved moved => (moved.PatchId, WireName<PatchState>.Of(moved.State), moved.Reason, moved.By, moved.Untested),
            _ => (null, null, null, null, false),
        };
        if (patchId is null) return null;
        var patch = state.Patches[patchId].Patch;
        var line = new JsonObject
        {
            ["schema_version"] = Version,
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
        if (untested) line["untested"] = true;
        return JsonLine.Of(line);
    }
}
