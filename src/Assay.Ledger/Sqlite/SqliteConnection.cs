using SQLitePCL;

namespace Assay.Ledger.Sqlite;

/// <summary>One SQLite connection with its prepared statements. Not safe for several threads at once.</summary>
internal sealed class SqliteConnection : IDisposable
{
    private const int BusyMs = 5_000;

    private readonly sqlite3 _db;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    /// <param name="path">The database file.</param>
    /// <param name="access">What is done with it.</param>
    public SqliteConnection(string path, SqliteAccess access = SqliteAccess.Write)
    {
        NativeSqlite.Initialize();
        var flags = access == SqliteAccess.Write
            ? raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE
            : raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI;
        var name = access switch
        {
            SqliteAccess.Write => path,
            SqliteAccess.Read => new Uri(path).AbsoluteUri,
            _ => new Uri(path).AbsoluteUri + "?immutable=1",
        };
        var code = raw.sqlite3_open_v2(name, out _db, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        Check(code, $"open {path}");
        raw.sqlite3_busy_timeout(_db, BusyMs);
    }

    /// <summary>The statement for a text, reset and ready to bind.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            Check(raw.sqlite3_prepare_v2(_db, sql, out var handle), sql);
            _statements.Add(sql, statement = new SqliteStatement(this, handle, sql));
        }

        statement.Reset();
        return statement;
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql), sql);

    public string Pragma(string name)
    {
        var statement = Prepare($"PRAGMA {name}");
        var value = statement.Step() ? statement.Text(0) : "";
        statement.Reset();
        return value;
    }

    /// <summary>Its write-ahead log, when it is the one that writes.</summary>
    public WriteAheadLog LogOf(string path) => new(_db, path);

    /// <summary>Moves committed pages into the database file, without waiting for anybody.</summary>
    public void Checkpoint(CheckpointKind kind)
    {
        if (kind == CheckpointKind.None) return;
        raw.sqlite3_busy_timeout(_db, 0);
        var isBusy = kind == CheckpointKind.Empty
            && raw.sqlite3_wal_checkpoint_v2(_db, null, raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _) == raw.SQLITE_BUSY;
        if (isBusy || kind == CheckpointKind.Move) raw.sqlite3_wal_checkpoint_v2(_db, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
        raw.sqlite3_busy_timeout(_db, BusyMs);
    }

    /// <summary>Gives up whatever statement is under way.</summary>
    public void ResetAll()
    {
        foreach (var statement in _statements.Values) statement.Reset();
    }

    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    public void Check(int code, string what)
    {
        if (code is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        var detail = _db is null ? raw.sqlite3_errstr(code).utf8_to_string() : raw.sqlite3_errmsg(_db).utf8_to_string();
        throw new LedgerException((code & 0xFF) switch
        {
            raw.SQLITE_FULL => "the disk with the workspace is full: free some space and run again",
            raw.SQLITE_IOERR => $"the ledger cannot be read or written ({detail}): the disk is full or fails: free some space, or look at it",
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => $"the ledger is damaged ({detail}): restore it from a backup",
            raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM => $"the ledger cannot be written ({detail}): check its owner and mode",
            _ => $"SQLite failed with {code} ({detail}) at: {what}",
        })
        {
            IsRefusal = (code & 0xFF) is raw.SQLITE_ERROR or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG or raw.SQLITE_RANGE or raw.SQLITE_SCHEMA,
        };
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        raw.sqlite3_close_v2(_db);
    }
}
