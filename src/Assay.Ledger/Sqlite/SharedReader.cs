namespace Assay.Ledger.Sqlite;

/// <summary>One connection for all who read in this process.</summary>
internal sealed class SharedReader(SqliteConnection connection, HostClock clock) : SqliteReader(clock), IDisposable
{
    private readonly HostClock _clock = clock;
    private readonly Lock _gate = new();

    /// <summary>Whether any of these lanes has a stream that can be claimed.</summary>
    public bool HasDue(IReadOnlyList<string> lanes) => Use(db => DueStreams.Any(db, lanes, _clock.Now));

    public void Dispose() => connection.Dispose();

    protected override T Use<T>(Func<SqliteConnection, T> read)
    {
        lock (_gate) return read(connection);
    }
}
