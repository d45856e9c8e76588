namespace Assay.Ledger.Sqlite;

/// <summary>Rows of the table <c>sessions</c>.</summary>
internal static class SessionRow
{
    private const string Columns = "id, host, boot_id, pid, start_ticks, lease_until";

    public static bool Insert(SqliteConnection db, WorkerSession session)
    {
        db.Prepare($"INSERT OR REPLACE INTO sessions({Columns}) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
            .Bind(1, session.Id).Bind(2, session.Host).Bind(3, session.BootId).Bind(4, session.ProcessId).Bind(5, session.StartTicks)
            .Bind(6, session.LeaseUntil.ToUnixTimeMilliseconds()).Run();
        return true;
    }

    public static bool Renew(SqliteConnection db, string id, DateTimeOffset leaseUntil)
    {
        if (Find(db, id) is null) return false;
        db.Prepare("UPDATE sessions SET lease_until=?2 WHERE id=?1").Bind(1, id).Bind(2, leaseUntil.ToUnixTimeMilliseconds()).Run();
        return true;
    }

    public static bool Delete(SqliteConnection db, string id)
    {
        db.Prepare("UPDATE streams SET owner=NULL WHERE owner=?1").Bind(1, id).Run();
        db.Prepare("DELETE FROM sessions WHERE id=?1").Bind(1, id).Run();
        return true;
    }

    public static WorkerSession? Find(SqliteConnection db, string id)
    {
        var statement = db.Prepare($"SELECT {Columns} FROM sessions WHERE id=?1").Bind(1, id);
        var session = statement.Step() ? Read(statement) : null;
        statement.Reset();
        return session;
    }

    public static IReadOnlyList<WorkerSession> All(SqliteConnection db)
    {
        var statement = db.Prepare($"SELECT {Columns} FROM sessions ORDER BY id");
        var sessions = new List<WorkerSession>();
        while (statement.Step()) sessions.Add(Read(statement));
        statement.Reset();
        return sessions;
    }

    private static WorkerSession Read(SqliteStatement s) => new(
        s.Text(0), s.Text(1), s.Text(2), (int)s.Int64(3), s.Int64(4), DateTimeOffset.FromUnixTimeMilliseconds(s.Int64(5)));
}
