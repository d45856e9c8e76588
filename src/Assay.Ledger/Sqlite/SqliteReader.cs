using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// Reads a ledger through a connection. Where that comes from, and what has to be checked around each use, is the derived class's.
/// </summary>
/// <param name="clock">The store's clock.</param>
internal abstract class SqliteReader(HostClock clock) : IEventReader
{
    public StreamInfo? Find(StreamName stream) => Use(db => StreamRow.Find(db, stream)?.At(clock.Now));

    public IReadOnlyList<StreamInfo> Streams(string? lane = null) => Use(db => StreamRow.All(db, lane, clock.Now));

    public IReadOnlyList<StoredEvent> Read(StreamName stream, long afterVersion, int limit = int.MaxValue) => Use<IReadOnlyList<StoredEvent>>(db =>
    {
        if (StreamRow.Find(db, stream) is not { } row) return [];
        var statement = db.Prepare("SELECT position, version, body FROM events WHERE stream=?1 AND version>?2 ORDER BY version LIMIT ?3")
            .Bind(1, row.Id).Bind(2, afterVersion).Bind(3, limit);
        var events = new List<StoredEvent>();
        while (statement.Step()) events.Add(new StoredEvent(statement.Int64(0), stream, statement.Int64(1), statement.Bytes(2).ToArray()));
        statement.Reset();
        return events;
    });

    public IReadOnlyList<StoredEvent> ReadAll(long afterPosition, int limit) => Use<IReadOnlyList<StoredEvent>>(db =>
    {
        var names = new Dictionary<long, StreamName>();
        var statement = db.Prepare("SELECT e.position, e.stream, e.version, e.body FROM events e WHERE e.position>?1 ORDER BY e.position LIMIT ?2")
            .Bind(1, afterPosition).Bind(2, limit);
        var events = new List<StoredEvent>();
        while (statement.Step())
        {
            var id = statement.Int64(1);
            if (!names.TryGetValue(id, out var name)) names.Add(id, name = StreamRow.Name(db, id));
            events.Add(new StoredEvent(statement.Int64(0), name, statement.Int64(2), statement.Bytes(3).ToArray()));
        }

        statement.Reset();
        return events;
    });

    public long CountEvents() => Use(db =>
    {
        var statement = db.Prepare("SELECT count(*) FROM events");
        statement.Step();
        var count = statement.Int64(0);
        statement.Reset();
        return count;
    });

    public StreamSnapshot? FindSnapshot(StreamName stream) => Use(db => SnapshotRow.Find(db, stream));

    public byte[]? ReadBlob(Digest sha256) => Use(db =>
    {
        var statement = db.Prepare("SELECT body FROM blobs WHERE sha256=?1").Bind(1, sha256.ToArray());
        var bytes = statement.Step() ? statement.Bytes(0).ToArray() : null;
        statement.Reset();
        return bytes;
    });

    public IReadOnlyList<LaneTable> Unready(IReadOnlyList<LaneTable> tables) => Use(db => LaneTables.Unready(db, tables));

    public RequestKey? FindKey(string name) => Use(db =>
    {
        var statement = db.Prepare("SELECT request, answer, at FROM request_keys WHERE name=?1").Bind(1, name);
        var key = statement.Step() ? new RequestKey(name, statement.Text(0), statement.Text(1), statement.Text(2)) : null;
        statement.Reset();
        return key;
    });

    public IReadOnlyList<LaneRow> Rows(LaneTable table) => Use(db => LaneRows.All(db, table));

    public IReadOnlyList<LaneRow> Rows(RowQuery query) => Use(db => LaneRows.Page(db, query));

    public LaneRow? Row(LaneTable table, string key) => Use(db => LaneRows.Find(db, table, key));

    public IReadOnlyDictionary<string, long> CountRows(LaneTable table, string column) => Use(db => LaneRows.Count(db, table, column));

    public IReadOnlyList<WorkerSession> Sessions() => Use(db => SessionRow.All(db, clock.Now));

    public TimeSpan? NextWake(string lane) => Use(db => DueStreams.NextWake(db, lane, clock.Now));

    public StreamChanges Changes(long afterPosition) => Use(db =>
    {
        var last = db.Prepare("SELECT coalesce(max(position), 0) FROM events");
        last.Step();
        var position = last.Int64(0);
        last.Reset();
        if (position <= afterPosition) return new StreamChanges(position, []);
        var statement = db.Prepare(
            """
            SELECT s.name, max(e.version) FROM events e JOIN streams s ON s.id=e.stream
            WHERE e.position>?1 AND e.position<=?2 GROUP BY e.stream
            """)
            .Bind(1, afterPosition).Bind(2, position);
        var streams = new List<(StreamName, long)>();
        while (statement.Step()) streams.Add((StreamName.Parse(statement.Text(0)), statement.Int64(1)));
        statement.Reset();
        return new StreamChanges(position, streams);
    });

    /// <summary>Gives the connection to one reader at a time.</summary>
    protected abstract T Use<T>(Func<SqliteConnection, T> read);
}
