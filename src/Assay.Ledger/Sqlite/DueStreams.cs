using Assay.Kernel.Streams;

namespace Assay.Ledger.Sqlite;

/// <summary>
/// Streams that want attention. There are few priorities, so each is looked up by itself: one look costs what it finds, however many
/// streams wait for later.
/// </summary>
internal static class DueStreams
{
    /// <summary>Whether any of these lanes has one that can be claimed.</summary>
    public static bool Any(SqliteConnection db, IReadOnlyList<string> lanes, HostTime now) => lanes.Any(lane => Find(db, lane, now, 1).Count > 0);

    /// <summary>Claims in turns of the lanes.</summary>
    public static IReadOnlyList<Claim> Claim(SqliteConnection db, IReadOnlyList<string> lanes, string session, int limit, HostTime now)
    {
        var due = lanes.Select(lane => new Queue<Due>(Find(db, lane, now, limit))).ToList();
        var claims = new List<Claim>();
        while (due.Exists(q => q.Count > 0))
        {
            foreach (var lane in due)
            {
                if (claims.Count == limit) return claims;
                if (lane.TryDequeue(out var next)) claims.Add(Take(db, next, session));
            }
        }

        return claims;
    }

    /// <summary>In how long the first wake time of a lane comes that has not come yet.</summary>
    public static TimeSpan? NextWake(SqliteConnection db, string lane, HostTime now)
    {
        long? next = null;
        foreach (var priority in Priorities(db, lane))
        {
            var statement = db.Prepare("SELECT min(wake_at) FROM streams WHERE lane=?1 AND priority=?2 AND wake_at>?3")
                .Bind(1, lane).Bind(2, priority).Bind(3, now.UtcMs);
            statement.Step();
            if (!statement.IsNull(0) && !(statement.Int64(0) >= next)) next = statement.Int64(0);
            statement.Reset();
        }

        return next is { } wake ? TimeSpan.FromMilliseconds(wake - now.UtcMs) : null;
    }

    private static List<Due> Find(SqliteConnection db, string lane, HostTime now, int limit)
    {
        var found = new List<Due>();
        foreach (var priority in Priorities(db, lane))
        {
            var statement = db.Prepare(
                $"""
                SELECT id, name FROM streams WHERE lane=?1 AND priority=?7 AND wake_at<=?2
                    AND (owner IS NULL OR NOT EXISTS(SELECT 1 FROM sessions WHERE id=owner AND {SessionRow.Holds}))
                ORDER BY wake_at, name LIMIT ?3
                """)
                .Bind(1, lane).Bind(2, now.UtcMs).Bind(3, limit - found.Count).Bind(4, now.Host).Bind(5, now.BootId).Bind(6, now.BootMs).Bind(7, priority);
            while (statement.Step()) found.Add(new Due(statement.Int64(0), StreamName.Parse(statement.Text(1))));
            statement.Reset();
            if (found.Count >= limit) break;
        }

        return found;
    }

    private static IEnumerable<long> Priorities(SqliteConnection db, string lane)
    {
        for (var last = long.MinValue; ;)
        {
            var statement = db.Prepare("SELECT min(priority) FROM streams WHERE lane=?1 AND wake_at IS NOT NULL AND priority>?2").Bind(1, lane).Bind(2, last);
            statement.Step();
            if (statement.IsNull(0))
            {
                statement.Reset();
                yield break;
            }

            last = statement.Int64(0);
            statement.Reset();
            yield return last;
        }
    }

    private static Claim Take(SqliteConnection db, Due due, string session)
    {
        var update = db.Prepare("UPDATE streams SET owner=?2, fence=fence+1 WHERE id=?1 RETURNING fence").Bind(1, due.Id).Bind(2, session);
        update.Step();
        var claim = new Claim(due.Stream, session, update.Int64(0));
        update.Reset();
        return claim;
    }

    private readonly record struct Due(long Id, StreamName Stream);
}
