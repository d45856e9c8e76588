namespace Assay.Ledger.Sqlite;

/// <summary>One connection for all who read in this process.</summary>
internal sealed class SharedReader(SqliteConnection connection, HostClock clock) : SqliteReader(clock), IDisposable
{
    private readonly Lock _gate = new();

    public void Dispose() => connection.Dispose();

    protected override T Use<T>(Func<SqliteConnection, T> read)
    {
        lock (_gate) return read(connection);
    }
}
