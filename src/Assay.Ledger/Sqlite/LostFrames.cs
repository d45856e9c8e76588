namespace Assay.Ledger.Sqlite;

/// <summary>
/// What a commit left in the write-ahead log whose sync failed. No reader sees it, since the log's index is written after the sync; but it
/// would be found by whoever recovers the log after a crash. The next commit goes to the same place and ends that for good.
/// </summary>
internal static class LostFrames
{
    /// <summary>Writes something of no meaning in that place, by a connection of its own.</summary>
    /// <exception cref="LedgerException">That cannot be done either.</exception>
    public static void Overwrite(string path)
    {
        using var held = new WriteLock(WriteLock.PathFor(path));
        held.Enter();
        try
        {
            using var connection = new SqliteConnection(path);
            SqliteSchema.Configure(connection);
            connection.Execute("BEGIN IMMEDIATE");
            SqliteSchema.Check(connection);
            connection.Execute("INSERT INTO counters VALUES('resolved', 1) ON CONFLICT(name) DO UPDATE SET value=value+1");
            connection.Execute("COMMIT");
        }
        finally
        {
            held.Exit();
        }
    }
}
