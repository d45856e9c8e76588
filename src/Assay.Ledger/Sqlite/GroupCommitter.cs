using Assay.Kernel.Lanes;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// One writer at a time. Whatever has queued up while the last commit was being synced goes into the next one, so that many appends share
/// one fsync. A caller that finds nobody writing commits at once on its own thread, which saves a lone writer two thread switches; a crowd
/// is served by a thread of its own.
/// </summary>
internal sealed class GroupCommitter : IDisposable
{
    private const int MaxBatch = 1024;

    private readonly WriteAheadLog _log;
    private readonly SqliteConnection _connection;
    private readonly WriteLock _lock;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private List<IWrite> _queue = [];
    private bool _writing;
    private bool _handedOver;
    private bool _mine;
    private bool _closing;
    private LedgerException? _failure;

    /// <param name="connection">Used by whoever writes just now.</param>
    /// <param name="writeLock">Shared with other processes.</param>
    /// <param name="path">The database file.</param>
    public GroupCommitter(SqliteConnection connection, WriteLock writeLock, string path)
    {
        _connection = connection;
        _lock = writeLock;
        _log = connection.LogOf(path);
        Generation = LaneTables.ReadGeneration(connection);
        _thread = new Thread(Run) { IsBackground = true, Name = "assay-ledger" };
        _thread.Start();
    }

    private interface IWrite
    {
        void Apply(SqliteConnection connection);

        void Succeed();

        /// <summary>The store failed, and maybe when the commit had been taken.</summary>
        void Fail(LedgerException reason, bool mayBeThere);

        /// <summary>It is the only one that fails; the end of the transaction changes nothing about that.</summary>
        void Refuse(LedgerException reason);
    }

    /// <summary>Which tables of lanes this process has seen.</summary>
    public long Generation { get; set; }

    /// <summary>The tables that this process fills.</summary>
    public IReadOnlyList<LaneTable> Tables { get; set; } = [];

    /// <summary>
    /// Runs a write inside the next transaction; twice when a neighbour of it cannot be done. One that fails leaves nothing, and its
    /// neighbours whole (ruling 7).
    /// </summary>
    /// <param name="write">The write.</param>
    /// <param name="unknown">What to answer when the store fails and the write may be there; null: it fails then as well.</param>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, Func<LedgerException, T>? unknown = null)
    {
        var request = new Write<T>(write, unknown);
        lock (_gate)
        {
            if (_failure is not null) return Task.FromException<T>(_failure);
            ObjectDisposedException.ThrowIf(_closing, this);
            if (_writing)
            {
                _queue.Add(request);
                return request.Task;
            }

            _writing = true;
        }

        Commit([request], 0, 1);
        lock (_gate)
        {
            // What came meanwhile is the thread's business: this caller has its own to get back to.
            _handedOver = _queue.Count > 0;
            _writing = _handedOver;
            if (_handedOver || _closing) Monitor.Pulse(_gate);
        }

        return request.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _log.Dispose();
    }

    private void Run()
    {
        var batch = new List<IWrite>();
        while (Take(ref batch))
        {
            for (var start = 0; start < batch.Count; start += MaxBatch) Commit(batch, start, Math.Min(start + MaxBatch, batch.Count));
            batch.Clear();
        }
    }

    /// <summary>Waits for what a caller left in the queue, and keeps the right to write as long as there is more.</summary>
    private bool Take(ref List<IWrite> batch)
    {
        lock (_gate)
        {
            if (_mine && _queue.Count == 0) _mine = _writing = false;
            while (!_mine)
            {
                if (_closing && !_writing) return false;
                if (!_handedOver) Monitor.Wait(_gate);
                (_mine, _handedOver) = (_handedOver, false);
            }

            (batch, _queue) = (_queue, batch);
            return true;
        }
    }

    private void Commit(List<IWrite> batch, int start, int end)
    {
        var (isAsked, isDurable) = (false, false);
        try
        {
            if (_failure is not null) throw _failure;
            _lock.Enter();
            try
            {
                Begin();
                if (!TryApply(batch, start, end)) ApplyEach(batch, start, end);
                isAsked = true;
                _connection.Execute("COMMIT");
                isDurable = true;
                _lock.Ring();
                _connection.Checkpoint(_log.Due());
            }
            finally
            {
                if (_connection.InTransaction) _connection.Execute("ROLLBACK");
                _lock.Exit();
            }
        }
        catch (Exception e)
        {
            Stop(e);
            if (!isDurable)
            {
                for (var i = start; i < end; i++) batch[i].Fail(_failure!, mayBeThere: isAsked);
                return;
            }
        }

        for (var i = start; i < end; i++) batch[i].Succeed();
    }

    /// <summary>
    /// Tables that were made anew and are as this process has them are as good as the old ones; others it must not write into.
    /// </summary>
    private void CheckTables()
    {
        var now = LaneTables.ReadGeneration(_connection);
        if (now == Generation) return;
        if (Tables.Count == 0 || LaneTables.Unready(_connection, Tables).Count > 0)
        {
            throw new LedgerException("the workspace's tables were made anew by another build of Assay, or are just being made: run again");
        }

        Generation = now;
    }

    private void Begin()
    {
        _connection.Execute("BEGIN IMMEDIATE");
        SqliteSchema.Check(_connection);
        CheckTables();
    }

    /// <summary>Applies all writes at once, which is nearly always possible; when one cannot be done, nothing is left of any.</summary>
    private bool TryApply(List<IWrite> batch, int start, int end)
    {
        try
        {
            for (var i = start; i < end; i++) batch[i].Apply(_connection);
            return true;
        }
        catch (Exception e) when (IsItsOwn(e))
        {
            _connection.ResetAll();
            _connection.Execute("ROLLBACK");
            return false;
        }
    }

    /// <summary>Applies the same writes one by one, each with a way back of its own.</summary>
    private void ApplyEach(List<IWrite> batch, int start, int end)
    {
        Begin();
        for (var i = start; i < end; i++) Apply(batch[i]);
    }

    /// <summary>Whether a failure is of the write alone, and the store takes more.</summary>
    private bool IsItsOwn(Exception e) => e is not LedgerException { IsRefusal: false } && _connection.InTransaction;

    private static LedgerException Refusal(Exception e) =>
        e as LedgerException ?? new LedgerException($"the ledger could not take a write: {e.Message}", e) { IsRefusal = true };

    /// <summary>Applies one write. What is wrong with it is its own; only when the store fails does nothing go on.</summary>
    private void Apply(IWrite write)
    {
        _connection.Prepare("SAVEPOINT write").Run();
        try
        {
            write.Apply(_connection);
        }
        catch (Exception e) when (IsItsOwn(e))
        {
            _connection.ResetAll();
            _connection.Execute("ROLLBACK TO write");
            write.Refuse(Refusal(e));
        }

        _connection.Prepare("RELEASE write").Run();
    }

    /// <summary>
    /// After a failed write or sync nobody knows what is on disk. Nothing more is written through this connection (ruling 7).
    /// </summary>
    private void Stop(Exception cause)
    {
        var failure = cause as LedgerException ?? new LedgerException($"the ledger failed: {cause.Message}", cause);
        lock (_gate) _failure = failure;
    }

    private sealed class Write<T>(Func<SqliteConnection, T> write, Func<LedgerException, T>? unknown) : IWrite
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private LedgerException? _refusal;

        public Task<T> Task => _done.Task;

        public void Apply(SqliteConnection connection) => _result = write(connection);

        public void Succeed()
        {
            if (_refusal is null) _done.SetResult(_result!);
            else _done.SetException(_refusal);
        }

        public void Fail(LedgerException reason, bool mayBeThere)
        {
            if (mayBeThere && _refusal is null && unknown is not null) _done.SetResult(unknown(reason));
            else _done.SetException(_refusal ?? reason);
        }

        public void Refuse(LedgerException reason) => _refusal = reason;
    }
}
