using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>A row of the table <c>streams</c>.</summary>
internal sealed record StreamRow(long Id, StreamInfo Info, DateTimeOffset? WakeAt)
{
    private const string Columns = "id, name, version, head, owner, fence, mirrored_to, wake_at, priority";

    public static StreamRow? Find(SqliteConnection db, StreamName stream)
    {
        var statement = db.Prepare($"SELECT {Columns} FROM streams WHERE name=?1").Bind(1, stream.ToString());
        var row = statement.Step() ? Read(statement) : null;
        statement.Reset();
        return row;
    }

    public static IReadOnlyList<StreamInfo> All(SqliteConnection db, string? lane, HostTime now)
    {
        var statement = lane is null
            ? db.Prepare($"SELECT {Columns} FROM streams ORDER BY name")
            : db.Prepare($"SELECT {Columns} FROM streams WHERE lane=?1 ORDER BY name").Bind(1, lane);
        var streams = new List<StreamInfo>();
        while (statement.Step()) streams.Add(Read(statement).At(now));
        statement.Reset();
        return streams;
    }

    public static StreamName Name(SqliteConnection db, long id)
    {
        var statement = db.Prepare("SELECT name FROM streams WHERE id=?1").Bind(1, id);
        if (!statement.Step()) throw new LedgerException($"events refer to a stream {id} that does not exist: the ledger is damaged");
        var name = Parse(statement.Text(0));
        statement.Reset();
        return name;
    }

    /// <summary>Creates an empty stream and returns its id.</summary>
    public static long Insert(SqliteConnection db, StreamName stream, string? owner)
    {
        var statement = db.Prepare("INSERT INTO streams(name, lane, version, head, owner) VALUES(?1, ?2, 0, ?3, ?4) RETURNING id")
            .Bind(1, stream.ToString()).Bind(2, stream.Lane).Bind(3, stream.Genesis.ToArray()).Bind(4, (object?)owner);
        statement.Step();
        var id = statement.Int64(0);
        statement.Reset();
        return id;
    }

    /// <summary>What the store tells of it at a time.</summary>
    public StreamInfo At(HostTime now) => Info with { WakeIn = WakeAt - DateTimeOffset.FromUnixTimeMilliseconds(now.UtcMs) };

    private static StreamRow Read(SqliteStatement s) => new(s.Int64(0), new StreamInfo(
        Parse(s.Text(1)),
        new StreamHead(s.Int64(2), Hash(s)),
        s.Int64(5),
        s.IsNull(4) ? null : s.Text(4),
        s.Int64(6))
    { Priority = (int)s.Int64(8) },
        s.IsNull(7) ? null : DateTimeOffset.FromUnixTimeMilliseconds(s.Int64(7)));

    private static Digest Hash(SqliteStatement s)
    {
        var bytes = s.Bytes(3);
        return bytes.Length == Digest.SizeBytes ? Digest.From(bytes) : throw new LedgerException($"the head of {s.Text(1)} is damaged");
    }

    private static StreamName Parse(string name) =>
        StreamName.TryParse(name, out var stream) ? stream : throw new LedgerException($"\"{name}\" is no stream name: the ledger is damaged");
}
