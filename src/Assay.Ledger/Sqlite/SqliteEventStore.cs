using System.Reflection;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>The embedded store: one SQLite file, any number of processes on one host.</summary>
public sealed class SqliteEventStore : IEventStore
{
    private DirectoryInfo? _temporary;
    private readonly SharedReader _reader;
    private readonly SqliteConnection _writer;
    private readonly WriteLock _lock;
    private readonly GroupCommitter _committer;
    private readonly CommitBell _bell;
    private readonly HostClock _clock;

    /// <summary>Names this build in sessions.</summary>
    public static string Build { get; } =
        typeof(SqliteEventStore).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private SqliteEventStore(string path, SqliteConnection writer, WriteLock writeLock, HostClock clock)
    {
        (Path, _clock, _writer, _lock) = (path, clock, writer, writeLock);
        _reader = new SharedReader(new SqliteConnection(path), clock);
        _committer = new GroupCommitter(writer, writeLock, path);
        _bell = new CommitBell(path);
    }

    /// <summary>Whether it is a private copy, in which no engine works.</summary>
    public bool IsCopy => _temporary is not null;

    /// <summary>The database file.</summary>
    public string Path { get; }

    /// <summary>Opens the ledger at a path, creating it when it is not there. Its lock file lies beside it.</summary>
    /// <param name="path">The database file.</param>
    /// <param name="clock">By which leases and wake times go; null: that of this host.</param>
    /// <exception cref="LedgerException">It is damaged, from a newer Assay, locked for too long, or on an unsuitable file system.</exception>
    public static SqliteEventStore Open(string path, HostClock? clock = null)
    {
        var writeLock = new WriteLock(WriteLock.PathFor(path));
        SqliteConnection? writer = null;
        try
        {
            writeLock.Enter();
            try
            {
                writer = new SqliteConnection(path);
                SqliteSchema.Configure(writer);
                SqliteSchema.Create(writer);
            }
            finally
            {
                writeLock.Exit();
            }

            return new SqliteEventStore(path, writer, writeLock, clock ?? new HostClock());
        }
        catch
        {
            writer?.Dispose();
            writeLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens the ledger at a path for reading alone: no lock is taken and nothing is created beside it, so that it also can be where this
    /// process may write nothing.
    /// </summary>
    /// <exception cref="LedgerException">It is damaged, or from a newer Assay.</exception>
    public static IEventStore OpenForReading(string path, HostClock? clock = null) =>
        (IEventStore?)ReadOnlyStore.TryOpen(path, clock ?? new HostClock()) ?? OpenCopy(path, clock);

    /// <summary>
    /// Opens a private copy of the ledger at a path, which is gone when it is closed: for reading what needs a write, such as the
    /// write-ahead log that a crash left where nothing can be written. Without that log acknowledged events would be missing.
    /// </summary>
    /// <exception cref="LedgerException">It is damaged, from a newer Assay, or changes all the time.</exception>
    public static SqliteEventStore OpenCopy(string path, HostClock? clock = null)
    {
        const int attempts = 10;
        for (var attempt = 1; attempt <= attempts; attempt++)
        {
            DirectoryInfo? folder = null;
            var files = LedgerFiles.At(path);
            try
            {
                folder = Directory.CreateTempSubdirectory("assay-ledger-");
                var copy = System.IO.Path.Combine(folder.FullName, "ledger.db");
                File.Copy(path, copy);
                if (!files.HasNoLog) File.Copy(path + "-wal", copy + "-wal");
                if (LedgerFiles.At(path) != files) continue;
                File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                var store = Open(copy, clock);
                (store._temporary, folder) = (folder, null);
                return store;
            }
            catch (IOException) when (LedgerFiles.At(path) != files)
            {
                // Its log has just gone.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                var place = System.IO.Path.GetTempPath();
                throw new LedgerException($"{path} has to be copied to be read, and cannot be copied below {place} (TMPDIR): {e.Message}", e);
            }
            finally
            {
                folder?.Delete(recursive: true);
            }
        }

        throw new LedgerException($"{path} changes all the time and cannot be copied to be read");
    }

    public Task<CommitResult> CommitAsync(Commit commit) => _committer.WriteAsync(db =>
    {
        var rows = new StreamRow?[commit.Appends.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            var append = commit.Appends[i];
            var row = rows[i] = StreamRow.Find(db, append.Stream);
            if (append.Fence is { } fence && (row?.Info.Fence ?? 0) != fence) return new CommitResult.Fenced(append.Stream);
            var head = row?.Info.Head ?? StreamHead.Empty(append.Stream);
            if (head != append.Expected) return new CommitResult.Conflict(append.Stream, head);
        }

        for (var i = 0; i < rows.Length; i++) Write(db, commit.Appends[i], rows[i]);
        foreach (var blob in commit.Blobs)
        {
            db.Prepare("INSERT OR IGNORE INTO blobs(sha256, body) VALUES(?1, ?2)").Bind(1, blob.Sha256.ToArray()).Bind(2, blob.Bytes.Span).Run();
        }

        foreach (var row in commit.Rows) LaneTables.Upsert(db, row);
        foreach (var key in commit.Keys)
        {
            db.Prepare("INSERT OR IGNORE INTO request_keys VALUES(?1, ?2, ?3, ?4)").Bind(1, key.Name).Bind(2, key.Request).Bind(3, key.Answer).Bind(4, key.At).Run();
        }

        return (CommitResult)CommitResult.Committed.Instance;
    }, static failure => new CommitResult.Unknown(failure, TakesMore: false));

    public Task<CommitFate> ResolveAsync(Commit commit) => Task.Run(() => ResolveHereAsync(commit));

    internal async Task<CommitFate> ResolveHereAsync(Commit commit)
    {
        if (CommitSign.Of(commit) is not { } sign) return CommitFate.Unknown;
        try
        {
            if (await sign.InAsync(_reader) is var found and not CommitFate.Unknown) return found;
            LostFrames.Overwrite(Path);
            return await sign.InAsync(_reader) is CommitFate.Committed ? CommitFate.Committed : CommitFate.NotCommitted;
        }
        catch (LedgerException)
        {
            return CommitFate.Unknown;
        }
    }

    public Task KeepSnapshotAsync(StreamSnapshot snapshot) => _committer.WriteAsync(db =>
    {
        SnapshotRow.Keep(db, snapshot);
        return true;
    });

    public ValueTask<IAsyncDisposable> HoldTablesAsync() => ValueTask.FromResult<IAsyncDisposable>(new TablesLock(Path));

    public async Task BeginTablesAsync(IReadOnlyList<LaneTable> tables) =>
        _committer.Generation = await _committer.WriteAsync(db =>
        {
            if (!IsCopy && SessionRow.All(db, _clock.Now).FirstOrDefault(s => s.Holds) is { } other)
            {
                var who = $"process {other.ProcessId} on {other.Host} ({other.Build ?? "a build before this one"})";
                var advice = $"{who} is at work: wait for it, or end it";
                throw new LedgerException($"the workspace's tables cannot be made anew for this build ({Build}): {advice}") { IsRefusal = true };
            }

            return LaneTables.Begin(db, tables);
        });

    public Task FillTablesAsync(IReadOnlyList<LaneRow> rows) => _committer.WriteAsync(db =>
    {
        LaneTables.Fill(db, rows);
        return true;
    });

    public Task FinishTablesAsync(IReadOnlyList<LaneTable> tables) => _committer.WriteAsync(db =>
    {
        LaneTables.Finish(db, tables);
        return true;
    });

    public Task OpenSessionAsync(WorkerSession session, TimeSpan lease) =>
        _committer.WriteAsync(db => SessionRow.Insert(db, session with { Build = Build }, _clock.Now.Plus(lease)));

    public Task<bool> RenewSessionAsync(string sessionId, TimeSpan lease) =>
        _committer.WriteAsync(db => SessionRow.Renew(db, sessionId, _clock.Now.Plus(lease)));

    public Task EndSessionsAsync(params IReadOnlyCollection<string> sessionIds) => _committer.WriteAsync(db =>
    {
        foreach (var id in sessionIds) SessionRow.Delete(db, id);
        return true;
    });

    public Task<ClaimResult> ClaimAsync(StreamName stream, string sessionId) =>
        _committer.WriteAsync<ClaimResult>(db =>
        {
            var row = StreamRow.Find(db, stream) ?? throw new LedgerException($"{stream} has no events: there is nothing to claim") { IsRefusal = true };
            var holder = row.Info.Owner is { } owner && owner != sessionId ? SessionRow.Find(db, owner, _clock.Now) : null;
            if (holder is { Holds: true }) return new ClaimResult.Held(holder);
            var fence = row.Info.Fence + 1;
            db.Prepare("UPDATE streams SET owner=?2, fence=?3 WHERE id=?1").Bind(1, row.Id).Bind(2, sessionId).Bind(3, fence).Run();
            return new ClaimResult.Granted(new Claim(stream, sessionId, fence));
        });

    public async Task<IReadOnlyList<Claim>> ClaimDueAsync(IReadOnlyList<string> lanes, string sessionId, int limit)
    {
        // A look is cheap, and a write costs a sync.
        if (limit <= 0 || !_reader.HasDue(lanes)) return [];
        return await _committer.WriteAsync(db => DueStreams.Claim(db, lanes, sessionId, limit, _clock.Now));
    }

    public Task<bool> ReleaseAsync(Claim claim, long version, TimeSpan? wakeAfter) => _committer.WriteAsync(db =>
    {
        if (StreamRow.Find(db, claim.Stream) is not { } row || row.Info.Fence != claim.Fence) return true;
        if (row.Info.Head.Version != version) return false;
        var update = db.Prepare("UPDATE streams SET owner=NULL, wake_at=?2 WHERE id=?1").Bind(1, row.Id);
        update.Bind(2, wakeAfter is { } after ? _clock.Now.WakeMs(after) : null).Run();
        return true;
    });

    public ValueTask<StreamInfo?> FindAsync(StreamName stream) => _reader.FindAsync(stream);

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(string? lane = null) => _reader.StreamsAsync(lane);

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(StreamName stream, long afterVersion, int limit = int.MaxValue) =>
        _reader.ReadAsync(stream, afterVersion, limit);

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(long afterPosition, int limit) => _reader.ReadAllAsync(afterPosition, limit);

    public ValueTask<long> CountEventsAsync() => _reader.CountEventsAsync();

    public ValueTask<StreamSnapshot?> FindSnapshotAsync(StreamName stream) => _reader.FindSnapshotAsync(stream);

    public ValueTask<byte[]?> ReadBlobAsync(Digest sha256) => _reader.ReadBlobAsync(sha256);

    public ValueTask<IReadOnlyList<LaneTable>> UnreadyAsync(IReadOnlyList<LaneTable> tables)
    {
        _committer.Tables = tables;
        return _reader.UnreadyAsync(tables);
    }

    public ValueTask<RequestKey?> FindKeyAsync(string name) => _reader.FindKeyAsync(name);

    public ValueTask<IReadOnlyList<LaneRow>> RowsAsync(LaneTable table) => _reader.RowsAsync(table);

    public ValueTask<IReadOnlyList<LaneRow>> RowsAsync(RowQuery query) => _reader.RowsAsync(query);

    public ValueTask<LaneRow?> RowAsync(LaneTable table, string key) => _reader.RowAsync(table, key);

    public ValueTask<IReadOnlyDictionary<string, long>> CountRowsAsync(LaneTable table, string column) =>
        _reader.CountRowsAsync(table, column);

    public ValueTask<IReadOnlyList<WorkerSession>> SessionsAsync() => _reader.SessionsAsync();

    public ValueTask<StreamChanges> ChangesAsync(long afterPosition) => _reader.ChangesAsync(afterPosition);

    public ValueTask<TimeSpan?> NextWakeAsync(string lane) => _reader.NextWakeAsync(lane);

    public IDisposable Listen(Action heard) => _bell.Listen(heard);

    public ValueTask<IEventSnapshot> SnapshotAsync() =>
        ValueTask.FromResult<IEventSnapshot>(new SqliteSnapshot(new SqliteConnection(Path, SqliteAccess.Read), _clock));

    public ValueTask DisposeAsync()
    {
        _bell.Dispose();
        _committer.Dispose();
        _writer.Dispose();
        _reader.Dispose();
        _lock.Dispose();
        _temporary?.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Write(SqliteConnection db, StreamAppend append, StreamRow? row)
    {
        var id = row?.Id ?? StreamRow.Insert(db, append.Stream, append.FirstOwner);
        foreach (var sealedEvent in append.Events)
        {
            db.Prepare("INSERT INTO events(stream, version, body) VALUES(?1, ?2, ?3)")
                .Bind(1, id).Bind(2, sealedEvent.Head.Version).Bind(3, (ReadOnlySpan<byte>)sealedEvent.Bytes).Run();
        }

        const string sql = "UPDATE streams SET version=?2, head=?3, mirrored_to=max(mirrored_to, ?4), "
            + "wake_at=coalesce(?5, wake_at), priority=coalesce(?6, priority) WHERE id=?1";
        var update = db.Prepare(sql)
            .Bind(1, id).Bind(2, append.Head.Version).Bind(3, append.Head.Hash.ToArray()).Bind(4, append.MirroredTo ?? 0);
        update.Bind(5, append.WakeAfter is { } after ? _clock.Now.WakeMs(after) : null).Bind(6, (long?)append.Priority).Run();
    }
}
