using SQLitePCL;

namespace Assay.Ledger.Sqlite;

/// <summary>A prepared statement. Parameters are numbered from 1, columns from 0, as in SQLite.</summary>
internal sealed class SqliteStatement(SqliteConnection connection, sqlite3_stmt handle, string sql) : IDisposable
{
    public SqliteStatement Bind(int index, long value)
    {
        connection.Check(raw.sqlite3_bind_int64(handle, index, value), sql);
        return this;
    }

    public SqliteStatement Bind(int index, string value)
    {
        connection.Check(raw.sqlite3_bind_text(handle, index, value), sql);
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        connection.Check(raw.sqlite3_bind_blob(handle, index, value), sql);
        return this;
    }

    public SqliteStatement BindNull(int index)
    {
        connection.Check(raw.sqlite3_bind_null(handle, index), sql);
        return this;
    }

    /// <summary>Binds a string, a long or null.</summary>
    public SqliteStatement Bind(int index, object? value) => value switch
    {
        null => BindNull(index),
        string text => Bind(index, text),
        long number => Bind(index, number),
        _ => throw new ArgumentException($"a column cannot hold a {value.GetType()}", nameof(value)),
    };

    /// <summary>True while there is a row.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        connection.Check(code, sql);
        return code == raw.SQLITE_ROW;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run()
    {
        Step();
        Reset();
    }

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string() ?? "";

    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    /// <summary>A string, a long or null.</summary>
    public object? Value(int column) => raw.sqlite3_column_type(handle, column) switch
    {
        raw.SQLITE_NULL => null,
        raw.SQLITE_INTEGER => Int64(column),
        _ => Text(column),
    };

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public void Reset() => raw.sqlite3_reset(handle);

    public void Dispose() => handle.Dispose();
}
