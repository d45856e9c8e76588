namespace Assay.Kernel.Lanes;

/// <summary>A table that a lane fills from its events, for people and pages that query with plain SQL. It can be rebuilt from them.</summary>
/// <param name="Name">The table's name.</param>
/// <param name="Key">The column that identifies a row.</param>
/// <param name="Columns">The other columns, all nullable text or integers.</param>
public sealed record LaneTable(string Name, string Key, params IReadOnlyList<string> Columns);

/// <summary>The new values of one row, in the order of the table's columns; each a string, a long or null.</summary>
public sealed record LaneRow(LaneTable Table, string Key, params IReadOnlyList<object?> Values);
