using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>A row of the table <c>stream_snapshots</c>.</summary>
internal static class SnapshotRow
{
    public static StreamSnapshot? Find(SqliteConnection db, StreamName stream)
    {
        if (StreamRow.Find(db, stream) is not { } row) return null;
        var statement = db.Prepare("SELECT version, head, build, sha256, body FROM stream_snapshots WHERE stream=?1").Bind(1, row.Id);
        StreamSnapshot? found = null;
        if (statement.Step() && statement.Bytes(1).Length == Digest.SizeBytes && statement.Bytes(3).Length == Digest.SizeBytes)
        {
            var head = new StreamHead(statement.Int64(0), Digest.From(statement.Bytes(1)));
            found = new StreamSnapshot(stream, head, statement.Text(2), statement.Bytes(4).ToArray(), Digest.From(statement.Bytes(3)));
        }

        statement.Reset();
        return found;
    }

    public static void Keep(SqliteConnection db, StreamSnapshot snapshot)
    {
        if (StreamRow.Find(db, snapshot.Stream) is not { } row) return;
        db.Prepare("INSERT OR REPLACE INTO stream_snapshots(stream, version, head, build, sha256, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
            .Bind(1, row.Id).Bind(2, snapshot.Head.Version).Bind(3, snapshot.Head.Hash.ToArray()).Bind(4, snapshot.Build)
            .Bind(5, snapshot.Sha256.ToArray()).Bind(6, snapshot.Body.Span).Run();
    }
}
