using System.Globalization;

namespace Assay.Ledger.Sqlite;

/// <summary>The tables of a workspace's ledger and the settings that its promises rest on.</summary>
internal static class SqliteSchema
{
    /// <summary>Raised with every change of the tables; a workspace with a higher one was written by a newer Assay.</summary>
    private const int Version = 5;

    /// <summary>What format 3 added: which tables lanes have filled and how they looked, and the keys of requests.</summary>
    private const string OfFormat3 = """
        CREATE TABLE IF NOT EXISTS lane_tables(name TEXT PRIMARY KEY, shape TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT OR IGNORE INTO counters VALUES('tables', 0);
        CREATE TABLE IF NOT EXISTS request_keys(name TEXT PRIMARY KEY, request TEXT NOT NULL, answer TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
        """;

    /// <summary>What format 4 added: folds of long streams.</summary>
    private const string OfFormat4 = """
        CREATE TABLE IF NOT EXISTS stream_snapshots(
            stream INTEGER PRIMARY KEY, version INTEGER NOT NULL, head BLOB NOT NULL, build TEXT NOT NULL,
            sha256 BLOB NOT NULL, body BLOB NOT NULL);
        """;

    /// <summary>What format 5 added: streams are found by how urgent they are, then by how long they wait.</summary>
    private const string OfFormat5 =
        "CREATE INDEX IF NOT EXISTS streams_due ON streams(lane, priority, wake_at) WHERE wake_at IS NOT NULL;";

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS streams(
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, version INTEGER NOT NULL, head BLOB NOT NULL,
            owner TEXT, fence INTEGER NOT NULL DEFAULT 0, mirrored_to INTEGER NOT NULL DEFAULT 0, wake_at INTEGER,
            priority INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE IF NOT EXISTS events(
            position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS events_stream ON events(stream, version);
        CREATE TABLE IF NOT EXISTS blobs(sha256 BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS sessions(
            id TEXT PRIMARY KEY, host TEXT NOT NULL, boot_id TEXT NOT NULL, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL,
            lease_until INTEGER NOT NULL, lease_until_boot_ms INTEGER, build TEXT) WITHOUT ROWID;
        """ + OfFormat3 + OfFormat4 + OfFormat5;

    /// <summary>What brings a workspace from the version at this place, counted from 1, to the next one.</summary>
    private static readonly string[] Steps =
    [
        "ALTER TABLE sessions ADD COLUMN lease_until_boot_ms INTEGER",
        "ALTER TABLE sessions ADD COLUMN build TEXT;" + OfFormat3
        + "CREATE TABLE IF NOT EXISTS idempotency_keys(idempotency_key TEXT PRIMARY KEY, request_sha256, job_id, at) WITHOUT ROWID;"
        + "INSERT INTO request_keys SELECT idempotency_key, request_sha256, job_id, at FROM idempotency_keys; DROP TABLE idempotency_keys",
        OfFormat4,
        "ALTER TABLE streams ADD COLUMN priority INTEGER NOT NULL DEFAULT 0; DROP INDEX streams_wake;" + OfFormat5,
    ];

    /// <summary>Sets and asserts what durability needs: WAL keeps committed work, FULL syncs it at each commit (ruling 28).</summary>
    public static void Configure(SqliteConnection connection)
    {
        connection.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY;");
        if (connection.Pragma("journal_mode") != "wal") throw new LedgerException("the ledger's file system does not allow SQLite's WAL: put the workspace on a local disk");
        if (connection.Pragma("synchronous") != "2") throw new LedgerException("SQLite did not accept synchronous=FULL");
    }

    /// <summary>Creates the tables of a new workspace, brings an older one's to this version, refuses one from a newer Assay.</summary>
    public static void Create(SqliteConnection connection)
    {
        var found = Check(connection);
        if (found == Version) return;
        connection.Execute("BEGIN IMMEDIATE");
        if (found == 0) connection.Execute(Tables);
        else foreach (var step in Steps.Skip(found - 1)) connection.Execute(step);
        connection.Execute($"PRAGMA user_version={Version}");
        connection.Execute("COMMIT");
    }

    /// <summary>Whether the tables are of this version.</summary>
    /// <exception cref="LedgerException">They are of a newer one.</exception>
    public static bool IsCurrent(SqliteConnection connection) => Check(connection) == Version;

    /// <summary>The version of the tables. A newer Assay may change them at any time, so each transaction asks (ruling 49).</summary>
    /// <exception cref="LedgerException">It is newer than this Assay.</exception>
    public static int Check(SqliteConnection connection)
    {
        var found = int.Parse(connection.Pragma("user_version"), CultureInfo.InvariantCulture);
        if (found <= Version) return found;
        var versions = $"ledger format {found}, this one knows {Version}";
        throw new LedgerException($"the workspace was written by a newer Assay ({versions}): update Assay");
    }

}
