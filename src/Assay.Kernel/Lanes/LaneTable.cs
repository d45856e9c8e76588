namespace Assay.Kernel.Lanes;

/// <summary>
/// A table that a lane fills from its events, for people and pages that query with plain SQL. It can be rebuilt from them.
/// </summary>
/// <param name="Name">The table's name.</param>
/// <param name="Key">The column that identifies a row.</param>
/// <param name="Columns">The other columns, each of which may be empty.</param>
public sealed record LaneTable(string Name, string Key, params IReadOnlyList<LaneColumn> Columns)
{
    /// <summary>
    /// Raised when the same events give other rows, or a column another type. With another version, or other columns, the table is made again
    /// from the events.
    /// </summary>
    public int Version { get; init; } = 1;

    /// <summary>A column; the key is one of text.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public LaneColumn Column(string name) => name == Key ? Key
        : Columns.FirstOrDefault(c => c.Name == name) ?? throw new ArgumentException($"{Name} has no column {name}", nameof(name));

    /// <summary>What is wrong with a row of it; null when it can be written.</summary>
    public string? Problem(LaneRow row)
    {
        if (row.Values.Count != Columns.Count) return $"a row of {Name} has {row.Values.Count} values and not {Columns.Count}";
        for (var i = 0; i < Columns.Count; i++)
        {
            if (!Columns[i].Holds(row.Values[i])) return $"{Name}.{Columns[i].Name} holds {Columns[i].Type}, and no {row.Values[i]!.GetType().Name}";
        }

        return null;
    }

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
                if (Table.Columns[i].Name == column) return Values[i];
            }

            throw new ArgumentException($"{Table.Name} has no column {column}", nameof(column));
        }
    }

    /// <summary>The text in a column; null when there is none.</summary>
    public string? Text(string column) => (string?)this[column];

    /// <summary>The number in a column; 0 when there is none.</summary>
    public long Number(string column) => this[column] as long? ?? 0;
}
