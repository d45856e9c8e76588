namespace Assay.Ledger.Sqlite;

/// <summary>A connection with a transaction that is held open, which therefore sees what was there when it began.</summary>
internal sealed class SqliteSnapshot : SqliteReader, IEventSnapshot
{
    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();

    public SqliteSnapshot(SqliteConnection connection, HostClock clock)
        : base(clock)
    {
        _connection = connection;

        // A transaction sees what was there at its first look, not at its beginning.
        connection.Execute("BEGIN");
        _ = CountStreams();
    }

    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override T Use<T>(Func<SqliteConnection, T> read)
    {
        lock (_gate) return read(_connection);
    }

    private long CountStreams() => Use(db =>
    {
        var statement = db.Prepare("SELECT count(*) FROM streams");
        statement.Step();
        var count = statement.Int64(0);
        statement.Reset();
        return count;
    });
}
