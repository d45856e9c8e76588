using Assay.Kernel.Lanes;

namespace Assay.Ledger;

/// <summary>A page of a lane table.</summary>
/// <param name="Table">The table.</param>
/// <param name="OrderBy">
/// The column that orders the rows by its type, those without a value first, the key deciding between equals.
/// </param>
/// <param name="Limit">The most rows to return.</param>
public sealed record RowQuery(LaneTable Table, string OrderBy, int Limit)
{
    /// <summary>Only rows with these values, in columns that hold no numbers.</summary>
    public IReadOnlyList<(string Column, string Value)> Where { get; init; } = [];

    public bool Descending { get; init; }

    /// <summary>The last row of the page before: its value in the ordering column, and its key. Null: from the beginning.</summary>
    public (object? Value, string Key)? After { get; init; }
}
