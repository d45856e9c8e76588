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
        var table = query.Table;
        var values = query.Where.Select(w => w.Value).ToList();
        var conditions = query.Where.Select((w, i) => string.Create(CultureInfo.InvariantCulture, $"{w.Column}=?{i + 1}")).ToList();
        if (query.After is { } after)
        {
            var sign = query.Descending ? '<' : '>';
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"({query.OrderBy}, {table.Key}) {sign} (?{values.Count + 1}, ?{values.Count + 2})"));
            values.AddRange([after.Value, after.Key]);
        }

        var sql = new StringBuilder($"SELECT {Columns(table)} FROM {table.Name}");
        if (conditions.Count > 0) sql.Append($" WHERE {string.Join(" AND ", conditions)}");
        var direction = query.Descending ? "DESC" : "ASC";
        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY {query.OrderBy} {direction}, {table.Key} {direction} LIMIT ?{values.Count + 1}");
        var statement = db.Prepare(sql.ToString());
        for (var i = 0; i < values.Count; i++) statement.Bind(i + 1, values[i]);
        return Read(statement.Bind(values.Count + 1, query.Limit), table);
    }

    public static IReadOnlyDictionary<string, long> Count(SqliteConnection db, LaneTable table, string column)
    {
        var statement = db.Prepare($"SELECT {column}, count(*) FROM {table.Name} WHERE {column} IS NOT NULL GROUP BY {column}");
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        while (statement.Step()) counts.Add(statement.Text(0), statement.Int64(1));
        statement.Reset();
        return counts;
    }

    private static string Columns(LaneTable table) => $"{table.Key}, {string.Join(", ", table.Columns)}";

    private static List<LaneRow> Read(SqliteStatement statement, LaneTable table)
    {
        var rows = new List<LaneRow>();
        while (statement.Step()) rows.Add(new LaneRow(table, statement.Text(0), [.. Enumerable.Range(1, table.Columns.Count).Select(statement.Value)]));
        statement.Reset();
        return rows;
    }
}
