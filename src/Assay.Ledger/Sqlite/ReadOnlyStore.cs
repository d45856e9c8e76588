using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// A ledger that is only read. Beside those that write it is read like by them. Where nobody has it open, it is read as it lies there, and
/// each look is checked for that nobody came in between.
/// </summary>
internal sealed class ReadOnlyStore : SqliteReader, IEventStore
{
    private const int Attempts = 10;

    private readonly string _path;
    private readonly CommitBell _bell;
    private readonly HostClock _clock;
    private readonly Lock _gate = new();
    private SqliteConnection _connection;
    private LedgerFiles? _still;

    private ReadOnlyStore(string path, LedgerFiles files, HostClock clock)
        : base(clock)
    {
        (_path, _bell, _clock) = (path, new CommitBell(path), clock);
        (_connection, _still) = Connect(files);
    }

    /// <summary>Opens it; null when that cannot be done in its place, and a copy is needed.</summary>
    /// <exception cref="LedgerException">It is damaged, or from a newer Assay.</exception>
    public static ReadOnlyStore? TryOpen(string path, HostClock clock)
    {
        var files = LedgerFiles.At(path);
        if (files is { HasNoLog: false, CanBeShared: false }) return null;
        var store = new ReadOnlyStore(path, files, clock);
        try
        {
            if (store.Use(SqliteSchema.IsCurrent)) return store;
        }
        catch
        {
            store._connection.Dispose();
            throw;
        }

        store._connection.Dispose();
        return null;
    }

    public ValueTask<IEventSnapshot> SnapshotAsync() => ValueTask.FromResult(Snapshot());

    private IEventSnapshot Snapshot()
    {
        for (var attempt = 1; ; attempt++)
        {
            var files = LedgerFiles.At(_path);
            try
            {
                var (connection, still) = Connect(files);
                return still is null ? new SqliteSnapshot(connection, _clock) : new StillSnapshot(_path, connection, files, _clock);
            }
            catch (LedgerException) when (attempt < Attempts && LedgerFiles.At(_path) != files)
            {
                // Its log has just come, or gone.
            }
        }
    }

    public Task<CommitResult> CommitAsync(Commit commit) => throw Refusal();

    public Task<CommitFate> ResolveAsync(Commit commit) => throw Refusal();

    public Task KeepSnapshotAsync(StreamSnapshot snapshot) => throw Refusal();

    public ValueTask<IAsyncDisposable> HoldTablesAsync() => throw Refusal();

    public Task BeginTablesAsync(IReadOnlyList<LaneTable> tables) => throw Refusal();

    public Task FillTablesAsync(IReadOnlyList<LaneRow> rows) => throw Refusal();

    public Task FinishTablesAsync(IReadOnlyList<LaneTable> tables) => throw Refusal();

    public Task OpenSessionAsync(WorkerSession session, TimeSpan lease) => throw Refusal();

    public Task<bool> RenewSessionAsync(string sessionId, TimeSpan lease) => throw Refusal();

    public Task EndSessionsAsync(params IReadOnlyCollection<string> sessionIds) => throw Refusal();

    public Task<ClaimResult> ClaimAsync(StreamName stream, string sessionId) => throw Refusal();

    public Task<IReadOnlyList<Claim>> ClaimDueAsync(IReadOnlyList<string> lanes, string sessionId, int limit) => throw Refusal();

    public Task<bool> ReleaseAsync(Claim claim, long version, TimeSpan? wakeAfter) => throw Refusal();

    public IDisposable Listen(Action heard) => _bell.Listen(heard);

    public ValueTask DisposeAsync()
    {
        _bell.Dispose();
        lock (_gate) _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override T Use<T>(Func<SqliteConnection, T> read)
    {
        lock (_gate)
        {
            for (var attempt = 1; ; attempt++)
            {
                if (_still is not { } before) return read(_connection);
                try
                {
                    var result = read(_connection);
                    if (LedgerFiles.At(_path) == before) return result;
                }
                catch (LedgerException) when (LedgerFiles.At(_path) != before)
                {
                    // Somebody wrote meanwhile, and half of that was seen.
                }

                if (attempt == Attempts) throw new LedgerException($"{_path} changes all the time and cannot be read in between");
                _connection.Dispose();
                (_connection, _still) = Connect(LedgerFiles.At(_path));
            }
        }
    }

    private static LedgerException Refusal() => new("the workspace was opened for reading") { IsRefusal = true };

    private (SqliteConnection Connection, LedgerFiles? Still) Connect(LedgerFiles files) => files switch
    {
        { LogBytes: >= 0, CanBeShared: true } => (new SqliteConnection(_path, SqliteAccess.Read), null),
        { HasNoLog: true } => (new SqliteConnection(_path, SqliteAccess.ReadStill), files),
        _ => throw new LedgerException($"{_path} is being written by somebody whose files this user cannot share: run again when that has ended"),
    };

    /// <summary>A ledger that nobody has open, as long as that is so: it has nothing that would keep one moment of it.</summary>
    private sealed class StillSnapshot(string path, SqliteConnection connection, LedgerFiles files, HostClock clock)
        : SqliteReader(clock), IEventSnapshot
    {
        private readonly Lock _gate = new();

        public ValueTask DisposeAsync()
        {
            connection.Dispose();
            return ValueTask.CompletedTask;
        }

        protected override T Use<T>(Func<SqliteConnection, T> read)
        {
            lock (_gate)
            {
                try
                {
                    var result = read(connection);
                    if (LedgerFiles.At(path) == files) return result;
                }
                catch (LedgerException) when (LedgerFiles.At(path) != files)
                {
                    // Half of what was written meanwhile was seen.
                }

                throw new LedgerException($"{path} was written while it was read") { IsOutdated = true };
            }
        }
    }
}
