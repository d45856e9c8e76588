using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// Reads a ledger through a connection. Where that comes from, and what has to be checked around each use, is the derived class's.
/// </summary>
/// <param name="clock">The store's clock.</param>
internal abstract class SqliteReader(HostClock clock) : IEventReader
{
    public ValueTask<StreamInfo?> FindAsync(StreamName stream) => UseAsync(db => StreamRow.Find(db, stream)?.At(clock.Now));

    public ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(string? lane = null) => UseAsync(db => StreamRow.All(db, lane, clock.Now));

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(StreamName stream, long afterVersion, int limit = int.MaxValue) => UseAsync<IReadOnlyList<StoredEvent>>(db =>
    {
        if (StreamRow.Find(db, stream) is not { } row) return [];
        var statement = db.Prepare("SELECT position, version, body FROM events WHERE stream=?1 AND version>?2 ORDER BY version LIMIT ?3")
            .Bind(1, row.Id).Bind(2, afterVersion).Bind(3, limit);
        var events = new List<StoredEvent>();
        while (statement.Step()) events.Add(new StoredEvent(statement.Int64(0), stream, statement.Int64(1), statement.Bytes(2).ToArray()));
        statement.Reset();
        return events;
    });

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(long afterPosition, int limit) => UseAsync<IReadOnlyList<StoredEvent>>(db =>
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

    public ValueTask<long> CountEventsAsync() => UseAsync(db =>
    {
        var statement = db.Prepare("SELECT count(*) FROM events");
        statement.Step();
        var count = statement.Int64(0);
        statement.Reset();
        return count;
    });

    public ValueTask<StreamSnapshot?> FindSnapshotAsync(StreamName stream) => UseAsync(db => SnapshotRow.Find(db, stream));

    public ValueTask<byte[]?> ReadBlobAsync(Digest sha256) => UseAsync(db =>
    {
        var statement = db.Prepare("SELECT body FROM blobs WHERE sha256=?1").Bind(1, sha256.ToArray());
        var bytes = statement.Step() ? statement.Bytes(0).ToArray() : null;
        statement.Reset();
        return bytes;
    });

    public ValueTask<IReadOnlyList<LaneTable>> UnreadyAsync(IReadOnlyList<LaneTable> tables) =>
        UseAsync(db => LaneTables.Unready(db, tables));

    public ValueTask<RequestKey?> FindKeyAsync(string name) => UseAsync(db =>
    {
        var statement = db.Prepare("SELECT request, answer, at FROM request_keys WHERE name=?1").Bind(1, name);
        var key = statement.Step() ? new RequestKey(name, statement.Text(0), statement.Text(1), statement.Text(2)) : null;
        statement.Reset();
        return key;
    });

    public ValueTask<IReadOnlyList<LaneRow>> RowsAsync(LaneTable table) => UseAsync(db => LaneRows.All(db, table));

    public ValueTask<IReadOnlyList<LaneRow>> RowsAsync(RowQuery query) => UseAsync(db => LaneRows.Page(db, query));

    public ValueTask<LaneRow?> RowAsync(LaneTable table, string key) => UseAsync(db => LaneRows.Find(db, table, key));

    public ValueTask<IReadOnlyDictionary<string, long>> CountRowsAsync(LaneTable table, string column) =>
        UseAsync(db => LaneRows.Count(db, table, column));

    public ValueTask<IReadOnlyList<WorkerSession>> SessionsAsync() => UseAsync(db => SessionRow.All(db, clock.Now));

    public ValueTask<TimeSpan?> NextWakeAsync(string lane) => UseAsync(db => DueStreams.NextWake(db, lane, clock.Now));

    public ValueTask<StreamChanges> ChangesAsync(long afterPosition) => UseAsync(db =>
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

    /// <summary>The answer is there at once: what SQLite reads lies in this host's memory or on its disk.</summary>
    private ValueTask<T> UseAsync<T>(Func<SqliteConnection, T> read) => ValueTask.FromResult(Use(read));
}
