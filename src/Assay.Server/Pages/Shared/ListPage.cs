namespace Assay.Server.Pages.Shared;

/// <summary>A page of a list.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Next">The cursor of the page behind it; null: it is the last.</param>
public sealed record ListPage<TRow>(IReadOnlyList<TRow> Rows, string? Next)
{
    /// <summary>A page of rows of which one more was asked for than it takes, to see whether there are more.</summary>
    public static ListPage<TRow> Of(IReadOnlyList<TRow> found, int size, Func<TRow, string> cursor) =>
        found.Count > size ? new ListPage<TRow>([.. found.Take(size)], cursor(found[size - 1])) : new ListPage<TRow>(found, null);
}

/// <summary>A column of a list.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Sort">Its name in addresses; null: the list cannot be ordered by it.</param>
public sealed record ListColumn(string Name, string? Sort = null);

/// <summary>A choice of what a list shows.</summary>
/// <param name="State">The state; null: all.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Count">How many rows it has.</param>
public sealed record ListFilter(string? State, string Name, long Count);
