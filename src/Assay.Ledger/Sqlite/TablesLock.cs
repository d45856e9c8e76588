namespace Assay.Ledger.Sqlite;

/// <summary>One at a time who makes tables anew, over all processes: whoever waited finds nothing left to do.</summary>
internal sealed class TablesLock : IAsyncDisposable
{
    private readonly WriteLock _lock;

    /// <summary>Waits for its turn.</summary>
    /// <param name="path">The ledger's database file, beside which the lock lies.</param>
    /// <exception cref="LedgerException">Another process has held it for too long.</exception>
    public TablesLock(string path)
    {
        _lock = new WriteLock(path + ".tables");
        try
        {
            _lock.Enter();
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _lock.Exit();
        _lock.Dispose();
        return ValueTask.CompletedTask;
    }
}
