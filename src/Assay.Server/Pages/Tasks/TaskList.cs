using Assay.Lanes.Tasks;
using Assay.Server.Pages.Shared;

namespace Assay.Server.Pages.Tasks;

/// <summary>The list of a run's tasks: which of them a page shows, in which order.</summary>
internal static class TaskList
{
    private const int PageSize = 100;

    private static readonly Dictionary<string, Func<TaskSummary, string>> Orders = new(StringComparer.Ordinal)
    {
        ["task"] = t => t.TaskId,
        ["state"] = t => t.State,
        ["title"] = t => t.Title,
        ["adapter"] = t => t.AdapterId ?? "",
    };

    public static IReadOnlyList<ListColumn> Columns { get; } =
    [
        new("Task", "task"), new("State", "state"), new("Title", "title"), new("Adapter", "adapter"), new("Tests"), new("Patch"), new("Why"),
    ];

    /// <summary>
    /// The page that an address names, its cursor being the last task of the page before; null when there is no such page.
    /// </summary>
    public static ListPage<TaskSummary>? Page(RunView run, ListAddress address)
    {
        if (address.Sort is { } sort && !Orders.ContainsKey(sort)) return null;
        var rows = run.Tasks.Where(t => address.State is null || t.State == address.State);
        if (address.Sort is { } by)
        {
            // Equals stay in the order of the queue.
            rows = address.IsDescending
                ? rows.OrderByDescending(Orders[by], StringComparer.OrdinalIgnoreCase)
                : rows.OrderBy(Orders[by], StringComparer.OrdinalIgnoreCase);
        }

        var ordered = rows.ToList();
        var start = address.Cursor is { } last ? ordered.FindIndex(t => t.TaskId == last) + 1 : 0;
        if (start == 0 && address.Cursor is not null) return null;
        return ListPage<TaskSummary>.Of([.. ordered.Skip(start).Take(PageSize + 1)], PageSize, t => t.TaskId);
    }

    /// <summary>The states to choose from.</summary>
    public static IReadOnlyList<ListFilter> Filters(RunView run) =>
    [
        new ListFilter(null, "All", run.Tasks.Length),
        .. run.Counts.Select(c => new ListFilter(c.State, Figures.Words(c.State), c.Count)),
    ];
}
