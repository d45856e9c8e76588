namespace Assay.Kernel.Lanes;

/// <summary>
/// A table that a lane fills from its events, for people and pages that query with plain SQL. It can be rebuilt from them.
/// </summary>
/// <param name="Name">The table's name.</param>
/// <param name="Key">The column that identifies a row.</param>
/// <param name="Columns">The other columns, all nullable text or integers.</param>
public sealed record LaneTable(string Name, string Key, params IReadOnlyList<string> Columns)
{
    /// <summary>
    /// Raised when the same events give other rows. With another version, or other columns, the table is made again from the events.
    /// </summary>
    public int Version { get; init; } = 1;

    /// <summary>
    /// Column lists by which rows are looked up or ordered, so that a page of a long table costs no more than one of a short one.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Indexes { get; init; } = [];
}

/// <summary>The new values of one row, in the order of the table's columns; each a string, a long or null.</summary>
public sealed record LaneRow(LaneTable Table, string Key, params IReadOnlyList<object?> Values)
{
    /// <summary>The value of a column, or the key.</summary>
    /// <exception cref="ArgumentException">The table has no such column.</exception>
    public object? this[string column]
    {
        get
        {
            if (column == Table.Key) return Key;
            for (var i = 0; i < Table.Columns.Count; i++)
            {
                if (Table.Columns[i] == column) return Values[i];
            }

            throw new ArgumentException($"{Table.Name} has no column {column}", nameof(column));
        }
    }

    /// <summary>The text in a column; null when there is none.</summary>
    public string? Text(string column) => (string?)this[column];

    /// <summary>The number in a column; 0 when there is none.</summary>
    public long Number(string column) => this[column] as long? ?? 0;
}
