using Assay.Kernel.Lanes;

namespace Assay.Ledger;

/// <summary>The tables that lanes fill, and the answers to requests that came with a key.</summary>
public interface ILaneRowsReader
{
    /// <summary>Which of these tables are not there yet, or were made by a build that has others.</summary>
    ValueTask<IReadOnlyList<LaneTable>> UnreadyAsync(IReadOnlyList<LaneTable> tables);

    /// <summary>What a request with this key asked for and got; null when there was none.</summary>
    ValueTask<RequestKey?> FindKeyAsync(string name);

    /// <summary>The rows of a declared lane table, by key.</summary>
    ValueTask<IReadOnlyList<LaneRow>> RowsAsync(LaneTable table);

    /// <summary>A page of the rows of a declared lane table.</summary>
    ValueTask<IReadOnlyList<LaneRow>> RowsAsync(RowQuery query);

    /// <summary>The row with a key, or null.</summary>
    ValueTask<LaneRow?> RowAsync(LaneTable table, string key);

    /// <summary>How many rows have each value of a column.</summary>
    ValueTask<IReadOnlyDictionary<string, long>> CountRowsAsync(LaneTable table, string column);
}

/// <summary>The same to make anew; rows of events come with their commit.</summary>
public interface ILaneRows : ILaneRowsReader
{
    /// <summary>Waits until nobody else makes tables, in whichever process, and keeps others from it until that is disposed.</summary>
    /// <exception cref="LedgerException">Somebody else has held them for too long.</exception>
    ValueTask<IAsyncDisposable> HoldTablesAsync();

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
