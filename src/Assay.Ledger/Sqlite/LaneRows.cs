using System.Globalization;
using System.Text;
using Assay.Kernel.Lanes;

namespace Assay.Ledger.Sqlite;

/// <summary>Reads the tables that lanes fill. Names of tables and columns come from the lanes themselves, values are always bound.</summary>
internal static class LaneRows
{
    public static IReadOnlyList<LaneRow> All(SqliteConnection db, LaneTable table) =>
        Read(db.Prepare($"SELECT {Columns(table)} FROM {table.Name} ORDER BY {table.Key}"), table);

    public static LaneRow? Find(SqliteConnection db, LaneTable table, string key)
    {
        var rows = Read(db.Prepare($"SELECT {Columns(table)} FROM {table.Name} WHERE {table.Key}=?1").Bind(1, key), table);
        return rows.Count == 0 ? null : rows[0];
    }

    public static IReadOnlyList<LaneRow> Page(SqliteConnection db, RowQuery query)
    {
        var rows = new List<LaneRow>();
        foreach (var part in Parts(query, query.Where.Count + 1))
        {
            if (rows.Count < query.Limit) rows.AddRange(Part(db, query, part, query.Limit - rows.Count));
        }

        return rows;
    }

    private static List<LaneRow> Part(SqliteConnection db, RowQuery query, string part, int limit)
    {
        var (table, count) = (query.Table, query.Where.Count);
        var conditions = query.Where.Select((w, i) => string.Create(CultureInfo.InvariantCulture, $"{w.Column}=?{i + 1}")).ToList();
        if (part.Length > 0) conditions.Add(part);
        var sql = new StringBuilder($"SELECT {Columns(table)} FROM {table.Name}");
        if (conditions.Count > 0) sql.Append($" WHERE {string.Join(" AND ", conditions)}");
        var direction = query.Descending ? "DESC" : "ASC";
        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY {query.OrderBy} {direction}, {table.Key} {direction} LIMIT ?{count + 3}");
        var statement = db.Prepare(sql.ToString());
        for (var i = 0; i < count; i++) statement.Bind(i + 1, query.Where[i].Value);
        return Read(statement.Bind(count + 1, query.After?.Value).Bind(count + 2, (object?)query.After?.Key).Bind(count + 3, limit), table);
    }

    /// <summary>
    /// What comes behind a row whose ordering value is parameter <paramref name="at"/>, and whose key is the next one: rows without a value
    /// are apart, since SQLite compares nothing with them, and an index is of use for each part alone.
    /// </summary>
    private static string[] Parts(RowQuery query, int at)
    {
        var (value, key) = (query.OrderBy, query.Table.Key);
        var sign = query.Descending ? '<' : '>';
        if (query.After is not { } after) return [""];
        var behind = string.Create(CultureInfo.InvariantCulture, $"({value}, {key}) {sign} (?{at}, ?{at + 1})");
        var empty = string.Create(CultureInfo.InvariantCulture, $"{value} IS NULL AND {key} {sign} ?{at + 1}");
        return (after.Value is null, query.Descending) switch
        {
            (true, true) => [empty],
            (true, false) => [empty, $"{value} IS NOT NULL"],
            (false, true) => [behind, $"{value} IS NULL"],
            (false, false) => [behind],
        };
    }

    public static IReadOnlyDictionary<string, long> Count(SqliteConnection db, LaneTable table, string column)
    {
        var statement = db.Prepare($"SELECT {column}, count(*) FROM {table.Name} WHERE {column} IS NOT NULL GROUP BY {column}");
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        while (statement.Step()) counts.Add(statement.Text(0), statement.Int64(1));
        statement.Reset();
        return counts;
    }

    private static string Columns(LaneTable table) => $"{table.Key}, {string.Join(", ", table.Columns.Select(c => c.Name))}";

    private static List<LaneRow> Read(SqliteStatement statement, LaneTable table)
    {
        var rows = new List<LaneRow>();
        while (statement.Step()) rows.Add(new LaneRow(table, statement.Text(0), [.. Enumerable.Range(1, table.Columns.Count).Select(statement.Value)]));
        statement.Reset();
        return rows;
    }
}
