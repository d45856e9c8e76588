namespace Assay.Ledger.Sqlite;

/// <summary>Rows of the table <c>sessions</c>.</summary>
internal static class SessionRow
{
    /// <summary>Whether <see cref="HostTime.Left"/> is more than nothing, in SQL: ?2 the clock that is set, ?4 host, ?5 boot, ?6 its clock.</summary>
    public const string Holds = """
        CASE WHEN host<>?4 THEN lease_until>?2 WHEN boot_id<>?5 THEN 0
            WHEN lease_until_boot_ms IS NULL THEN lease_until>?2 ELSE lease_until_boot_ms>?6 END
        """;

    private const string Columns = "id, host, boot_id, pid, start_ticks, lease_until, lease_until_boot_ms, build";

    public static bool Insert(SqliteConnection db, WorkerSession session, LeaseEnd lease)
    {
        db.Prepare($"INSERT OR REPLACE INTO sessions({Columns}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .Bind(1, session.Id).Bind(2, session.Host).Bind(3, session.BootId).Bind(4, session.ProcessId).Bind(5, session.StartTicks)
            .Bind(6, lease.Utc.ToUnixTimeMilliseconds()).Bind(7, (object?)lease.BootMs).Bind(8, (object?)session.Build).Run();
        return true;
    }

    public static bool Renew(SqliteConnection db, string id, LeaseEnd lease)
    {
        var update = db.Prepare("UPDATE sessions SET lease_until=?2, lease_until_boot_ms=?3 WHERE id=?1 RETURNING id")
            .Bind(1, id).Bind(2, lease.Utc.ToUnixTimeMilliseconds()).Bind(3, (object?)lease.BootMs);
        var isThere = update.Step();
        update.Reset();
        return isThere;
    }

    /// <summary>Takes a session away. What it owned stays under its name, by which it is seen to have been left.</summary>
    public static void Delete(SqliteConnection db, string id) => db.Prepare("DELETE FROM sessions WHERE id=?1").Bind(1, id).Run();

    public static WorkerSession? Find(SqliteConnection db, string id, HostTime now)
    {
        var statement = db.Prepare($"SELECT {Columns} FROM sessions WHERE id=?1").Bind(1, id);
        var session = statement.Step() ? Read(statement, now) : null;
        statement.Reset();
        return session;
    }

    public static IReadOnlyList<WorkerSession> All(SqliteConnection db, HostTime now)
    {
        var statement = db.Prepare($"SELECT {Columns} FROM sessions ORDER BY id");
        var sessions = new List<WorkerSession>();
        while (statement.Step()) sessions.Add(Read(statement, now));
        statement.Reset();
        return sessions;
    }

    private static WorkerSession Read(SqliteStatement s, HostTime now)
    {
        var session = new WorkerSession(s.Text(0), s.Text(1), s.Text(2), (int)s.Int64(3), s.Int64(4)) { Build = s.IsNull(7) ? null : s.Text(7) };
        var lease = new LeaseEnd(DateTimeOffset.FromUnixTimeMilliseconds(s.Int64(5)), s.IsNull(6) ? null : s.Int64(6));
        return session with { LeaseLeft = now.Left(session.Host, session.BootId, lease) };
    }
}
