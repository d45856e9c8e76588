using System.Reflection;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>The embedded store: one SQLite file, any number of processes on one host.</summary>
public sealed class SqliteEventStore : IEventStore
{
    private readonly SqliteConnection _reader;
    private readonly SqliteConnection _writer;
    private readonly WriteLock _lock;
    private readonly GroupCommitter _committer;
    private readonly Lock _readGate = new();

    /// <summary>Names this build in sessions.</summary>
    public static string Build { get; } =
        typeof(SqliteEventStore).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private SqliteEventStore(string path, SqliteConnection writer, WriteLock writeLock)
    {
        (_reader, _writer, _lock) = (new SqliteConnection(path), writer, writeLock);
        _committer = new GroupCommitter(writer, writeLock, path);
    }

    /// <summary>Opens the ledger at a path, creating it when it is not there. Its lock file lies beside it.</summary>
    /// <exception cref="LedgerException">It is damaged, from a newer Assay, locked for too long, or on an unsuitable file system.</exception>
    public static SqliteEventStore Open(string path)
    {
        var writeLock = new WriteLock(path + ".lock");
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

            return new SqliteEventStore(path, writer, writeLock);
        }
        catch
        {
            writer?.Dispose();
            writeLock.Dispose();
            throw;
        }
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
        foreach (var blob in commit.Blobs) db.Prepare("INSERT OR IGNORE INTO blobs(sha256, body) VALUES(?1, ?2)").Bind(1, blob.Sha256.ToArray()).Bind(2, blob.Bytes.Span).Run();

        foreach (var row in commit.Rows) LaneTables.Upsert(db, row);
        foreach (var key in commit.Keys)
        {
            db.Prepare("INSERT OR IGNORE INTO request_keys VALUES(?1, ?2, ?3, ?4)").Bind(1, key.Name).Bind(2, key.Request).Bind(3, key.Answer).Bind(4, key.At).Run();
        }

        return (CommitResult)CommitResult.Committed.Instance;
    });

    public StreamInfo? Find(StreamName stream)
    {
        lock (_readGate) return StreamRow.Find(_reader, stream)?.Info;
    }

    public IReadOnlyList<StreamInfo> Streams(string? lane = null)
    {
        lock (_readGate) return StreamRow.All(_reader, lane);
    }

    public IReadOnlyList<StoredEvent> Read(StreamName stream, long afterVersion, int limit = int.MaxValue)
    {
        lock (_readGate)
        {
            if (StreamRow.Find(_reader, stream) is not { } row) return [];
            var statement = _reader.Prepare("SELECT position, version, body FROM events WHERE stream=?1 AND version>?2 ORDER BY version LIMIT ?3")
                .Bind(1, row.Id).Bind(2, afterVersion).Bind(3, limit);
            var events = new List<StoredEvent>();
            while (statement.Step()) events.Add(new StoredEvent(statement.Int64(0), stream, statement.Int64(1), statement.Bytes(2).ToArray()));
            statement.Reset();
            return events;
        }
    }

    public IReadOnlyList<StoredEvent> ReadAll(long afterPosition, int limit)
    {
        lock (_readGate)
        {
            var names = new Dictionary<long, StreamName>();
            var statement = _reader.Prepare(
                "SELECT e.position, e.stream, e.version, e.body FROM events e WHERE e.position>?1 ORDER BY e.position LIMIT ?2")
                .Bind(1, afterPosition).Bind(2, limit);
            var events = new List<StoredEvent>();
            while (statement.Step())
            {
                var id = statement.Int64(1);
                if (!names.TryGetValue(id, out var name)) names.Add(id, name = StreamRow.Name(_reader, id));
                events.Add(new StoredEvent(statement.Int64(0), name, statement.Int64(2), statement.Bytes(3).ToArray()));
            }

            statement.Reset();
            return events;
        }
    }

    public long CountEvents()
    {
        lock (_readGate)
        {
            var statement = _reader.Prepare("SELECT count(*) FROM events");
            statement.Step();
            var count = statement.Int64(0);
            statement.Reset();
            return count;
        }
    }

    public byte[]? ReadBlob(Digest sha256)
    {
        lock (_readGate)
        {
            var statement = _reader.Prepare("SELECT body FROM blobs WHERE sha256=?1").Bind(1, sha256.ToArray());
            var bytes = statement.Step() ? statement.Bytes(0).ToArray() : null;
            statement.Reset();
            return bytes;
        }
    }

    public IReadOnlyList<LaneTable> Unready(IReadOnlyList<LaneTable> tables)
    {
        lock (_readGate) return LaneTables.Unready(_reader, tables);
    }

    public async Task BeginTablesAsync(IReadOnlyList<LaneTable> tables, HostTime now, Func<WorkerSession, bool> isDead) =>
        _committer.Generation = await _committer.WriteAsync(db =>
        {
            if (SessionRow.All(db).FirstOrDefault(s => s.Build != Build && s.HoldsAt(now) && !isDead(s)) is { } other)
            {
                var who = $"process {other.ProcessId} on {other.Host} ({other.Build ?? "a build before this one"})";
                throw new LedgerException($"the workspace's tables have to be made again for this build ({Build}), and {who} is at work: wait for it, or end it") { IsRefusal = true };
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

    public RequestKey? FindKey(string name)
    {
        lock (_readGate)
        {
            var statement = _reader.Prepare("SELECT request, answer, at FROM request_keys WHERE name=?1").Bind(1, name);
            var key = statement.Step() ? new RequestKey(name, statement.Text(0), statement.Text(1), statement.Text(2)) : null;
            statement.Reset();
            return key;
        }
    }

    public IReadOnlyList<LaneRow> Rows(LaneTable table)
    {
        lock (_readGate) return LaneRows.All(_reader, table);
    }

    public IReadOnlyList<LaneRow> Rows(RowQuery query)
    {
        lock (_readGate) return LaneRows.Page(_reader, query);
    }

    public LaneRow? Row(LaneTable table, string key)
    {
        lock (_readGate) return LaneRows.Find(_reader, table, key);
    }

    public IReadOnlyDictionary<string, long> CountRows(LaneTable table, string column)
    {
        lock (_readGate) return LaneRows.Count(_reader, table, column);
    }

    public Task OpenSessionAsync(WorkerSession session) => _committer.WriteAsync(db => SessionRow.Insert(db, session with { Build = Build }));

    public Task<bool> RenewSessionAsync(string sessionId, LeaseEnd lease) =>
        _committer.WriteAsync(db => SessionRow.Renew(db, sessionId, lease));

    public Task CloseSessionAsync(string sessionId) => _committer.WriteAsync(db => SessionRow.Delete(db, sessionId));

    public IReadOnlyList<WorkerSession> Sessions()
    {
        lock (_readGate) return SessionRow.All(_reader);
    }

    public Task<ClaimResult> ClaimAsync(StreamName stream, string sessionId, HostTime now, Func<WorkerSession, bool> isDead) =>
        _committer.WriteAsync<ClaimResult>(db =>
        {
            var row = StreamRow.Find(db, stream) ?? throw new LedgerException($"{stream} has no events: there is nothing to claim") { IsRefusal = true };
            var holder = row.Info.Owner is { } owner && owner != sessionId ? SessionRow.Find(db, owner) : null;
            if (holder is not null && holder.HoldsAt(now) && !isDead(holder)) return new ClaimResult.Held(holder);
            var fence = row.Info.Fence + 1;
            db.Prepare("UPDATE streams SET owner=?2, fence=?3 WHERE id=?1").Bind(1, row.Id).Bind(2, sessionId).Bind(3, fence).Run();
            return new ClaimResult.Granted(new Claim(stream, sessionId, fence));
        });

    public Task<bool> ReleaseAsync(Claim claim, long version, DateTimeOffset? wakeAt) => _committer.WriteAsync(db =>
    {
        if (StreamRow.Find(db, claim.Stream) is not { } row || row.Info.Fence != claim.Fence) return true;
        if (row.Info.Head.Version != version) return false;
        var update = db.Prepare("UPDATE streams SET owner=NULL, wake_at=?2 WHERE id=?1").Bind(1, row.Id);
        update.Bind(2, wakeAt?.ToUnixTimeMilliseconds()).Run();
        return true;
    });

    public IReadOnlyList<StreamName> Due(string lane, HostTime now, int limit)
    {
        lock (_readGate)
        {
            var statement = _reader.Prepare(
                $"""
                SELECT name FROM streams WHERE lane=?1 AND wake_at<=?2
                    AND (owner IS NULL OR NOT EXISTS(SELECT 1 FROM sessions WHERE id=owner AND {SessionRow.Holds}))
                ORDER BY wake_at, name LIMIT ?3
                """)
                .Bind(1, lane).Bind(2, now.Utc.ToUnixTimeMilliseconds()).Bind(3, limit)
                .Bind(4, now.Host).Bind(5, now.BootId).Bind(6, now.BootMs);
            var names = new List<StreamName>();
            while (statement.Step()) names.Add(StreamName.Parse(statement.Text(0)));
            statement.Reset();
            return names;
        }
    }

    public ValueTask DisposeAsync()
    {
        _committer.Dispose();
        _writer.Dispose();
        _reader.Dispose();
        _lock.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void Write(SqliteConnection db, StreamAppend append, StreamRow? row)
    {
        var id = row?.Id ?? StreamRow.Insert(db, append.Stream);
        foreach (var sealedEvent in append.Events)
        {
            db.Prepare("INSERT INTO events(stream, version, body) VALUES(?1, ?2, ?3)")
                .Bind(1, id).Bind(2, sealedEvent.Head.Version).Bind(3, (ReadOnlySpan<byte>)sealedEvent.Bytes).Run();
        }

        var update = db.Prepare("UPDATE streams SET version=?2, head=?3, mirrored_to=max(mirrored_to, ?4), wake_at=coalesce(?5, wake_at) WHERE id=?1")
            .Bind(1, id).Bind(2, append.Head.Version).Bind(3, append.Head.Hash.ToArray()).Bind(4, append.MirroredTo ?? 0);
        update.Bind(5, append.WakeAt?.ToUnixTimeMilliseconds()).Run();
    }
}
