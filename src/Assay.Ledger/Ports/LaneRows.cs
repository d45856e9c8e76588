using Assay.Kernel.Lanes;

namespace Assay.Ledger;

/// <summary>The tables that lanes fill, and the answers to requests that came with a key.</summary>
public interface ILaneRowsReader
{
    /// <summary>Which of these tables are not there yet, or were made by a build that has others.</summary>
    IReadOnlyList<LaneTable> Unready(IReadOnlyList<LaneTable> tables);

    /// <summary>What a request with this key asked for and got; null when there was none.</summary>
    RequestKey? FindKey(string name);

    /// <summary>The rows of a declared lane table, by key.</summary>
    IReadOnlyList<LaneRow> Rows(LaneTable table);

    /// <summary>A page of the rows of a declared lane table.</summary>
    IReadOnlyList<LaneRow> Rows(RowQuery query);

    /// <summary>The row with a key, or null.</summary>
    LaneRow? Row(LaneTable table, string key);

    /// <summary>How many rows have each value of a column.</summary>
    IReadOnlyDictionary<string, long> CountRows(LaneTable table, string column);
}

/// <summary>The same to make anew; rows of events come with their commit.</summary>
public interface ILaneRows : ILaneRowsReader
{
    /// <summary>
    /// Begins to make tables anew. Until they are finished the old ones stay, and whoever has seen them writes nothing any more. Rows that
    /// are filled in replace those with the same key.
    /// </summary>
    /// <exception cref="LedgerException">An engine is at work: a session is there whose lease holds.</exception>
    Task BeginTablesAsync(IReadOnlyList<LaneTable> tables);

    /// <summary>Puts rows into tables that are being made.</summary>
    Task FillTablesAsync(IReadOnlyList<LaneRow> rows);

    /// <summary>Puts the new tables in the place of the old ones.</summary>
    Task FinishTablesAsync(IReadOnlyList<LaneTable> tables);
}
