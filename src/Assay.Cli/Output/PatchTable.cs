using System.Globalization;
using Assay.Kernel.Lanes;

namespace Assay.Cli.Output;

/// <summary>Patches as a person reads them on a terminal.</summary>
internal static class PatchTable
{
    public static Listing List(IReadOnlyList<LaneRow> rows)
    {
        var listing = new Listing(
            "patches", "assay execute makes one of each task's change",
            "PATCH", "STATE", "TASK", "FILES", "ADDED", "REMOVED", "CHANGED", "REASON");
        foreach (var row in rows)
        {
            string Number(string column) => row.Number(column).ToString(CultureInfo.InvariantCulture);
            listing.Add(
                row, row.Text("patch_id"), row.Text("state"), row.Text("task_id"),
                Number("files"), Number("lines_added"), Number("lines_removed"), Host.Shown.Time(row.Text("updated_at")), row.Text("reason"));
        }

        return listing;
    }
}
