using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// The tables that lanes fill. A register says how each looked when it was made; one that looks otherwise by now is made again under
/// another name and takes the place of the old one in a single commit, so that a crash in the middle leaves what was there.
/// </summary>
internal static class LaneTables
{
    private const string New = "__new";
    private const string Generation = "tables";

    /// <summary>Those that are not there, or look otherwise than they should.</summary>
    public static IReadOnlyList<LaneTable> Unready(SqliteConnection db, IReadOnlyList<LaneTable> tables)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        var statement = db.Prepare("SELECT name, shape FROM lane_tables");
        while (statement.Step()) known.Add(statement.Text(0), statement.Text(1));
        statement.Reset();
        return [.. tables.Where(t => known.GetValueOrDefault(t.Name) != Shape(t))];
    }

    /// <summary>
    /// How often tables were made again. Whoever has seen another number knows other tables, and must not write into these.
    /// </summary>
    public static long ReadGeneration(SqliteConnection db)
    {
        var statement = db.Prepare("SELECT value FROM counters WHERE name=?1").Bind(1, Generation);
        var value = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return value;
    }

    /// <summary>Makes room for new tables. From here on nobody else writes into the old ones.</summary>
    public static long Begin(SqliteConnection db, IReadOnlyList<LaneTable> tables)
    {
        foreach (var table in tables)
        {
            // Off the register, so that nobody takes the old one for what it should be.
            db.Prepare("DELETE FROM lane_tables WHERE name=?1").Bind(1, table.Name).Run();
            db.Execute($"DROP TABLE IF EXISTS {table.Name}{New}");
            db.Execute(Create(table, New));
        }

        db.Prepare("UPDATE counters SET value=value+1 WHERE name=?1").Bind(1, Generation).Run();
        return ReadGeneration(db);
    }

    /// <summary>Puts rows into the new tables.</summary>
    public static void Fill(SqliteConnection db, IEnumerable<LaneRow> rows)
    {
        foreach (var row in rows) Upsert(db, row, New);
    }

    /// <summary>Exchanges old for new.</summary>
    public static void Finish(SqliteConnection db, IReadOnlyList<LaneTable> tables)
    {
        foreach (var table in tables)
        {
            db.Execute($"DROP TABLE IF EXISTS {table.Name}");
            db.Execute($"ALTER TABLE {table.Name}{New} RENAME TO {table.Name}");
            foreach (var columns in table.Indexes) db.Execute(Index(table, columns));
            db.Prepare("INSERT OR REPLACE INTO lane_tables VALUES(?1, ?2)").Bind(1, table.Name).Bind(2, Shape(table)).Run();
        }
    }

    public static void Upsert(SqliteConnection db, LaneRow row, string suffix = "")
    {
        if (row.Table.Problem(row) is { } problem) throw new LedgerException(problem) { IsRefusal = true };
        var (table, count) = (row.Table, row.Table.Columns.Count + 1);
        var parameters = string.Join(", ", Enumerable.Range(1, count).Select(i => $"?{i}"));
        var sql = $"INSERT OR REPLACE INTO {table.Name}{suffix}({table.Key}, {string.Join(", ", table.Columns.Select(c => c.Name))}) VALUES({parameters})";
        var statement = db.Prepare(sql).Bind(1, row.Key);
        for (var i = 0; i < row.Values.Count; i++) statement.Bind(i + 2, row.Values[i]);
        statement.Run();
    }

    private static string Shape(LaneTable table) =>
        Digest.Of(string.Join('\n', [$"{table.Version}", Create(table, ""), .. table.Indexes.Select(i => Index(table, i))])).Short(16);

    /// <summary>
    /// Columns have no type of SQLite's: a value keeps its own, and is ordered by it, numbers as numbers and text by its bytes, which is what
    /// the types of columns promise.
    /// </summary>
    private static string Create(LaneTable table, string suffix) =>
        $"CREATE TABLE {table.Name}{suffix}({table.Key} TEXT PRIMARY KEY, {string.Join(", ", table.Columns.Select(c => c.Name))}) WITHOUT ROWID";

    private static string Index(LaneTable table, IReadOnlyList<string> columns) =>
        $"CREATE INDEX {table.Name}_{string.Join("_", columns)} ON {table.Name}({string.Join(", ", columns)}, {table.Key})";
}
