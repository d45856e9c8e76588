using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;

namespace Assay.Tests;

/// <summary>What the embedded store does when its file or its neighbours misbehave.</summary>
public sealed class SqliteStoreFailureTests : IDisposable
{
    private static readonly EventCatalog Catalog = EffectEvents.Catalog().Add("NOTED", static () => ConformanceJson.Default.Noted);
    private static readonly StreamName Stream = StreamName.Of("test", "A");

    private readonly TemporaryFolder _folder = new();

    private string Db => _folder.Under("ledger.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_stores_on_one_file_see_each_others_commits_and_conflicts()
    {
        await using var one = SqliteEventStore.Open(Db);
        await using var two = SqliteEventStore.Open(Db);
        var commit = Append(StreamHead.Empty(Stream));
        Assert.IsType<CommitResult.Committed>(await one.CommitAsync(commit));
        Assert.IsType<CommitResult.Conflict>(await two.CommitAsync(commit));
        Assert.IsType<CommitResult.Committed>(await two.CommitAsync(Append(commit.Appends[0].Head)));
        Assert.Equal(2, (await one.ReadAsync(Stream, 0)).Count);
    }

    [Fact]
    public void A_disk_that_fails_is_said_in_words_with_what_to_do()
    {
        using var connection = new SqliteConnection(Db);
        var failure = Assert.Throws<LedgerException>(() => connection.Check(SQLitePCL.raw.SQLITE_IOERR, "PRAGMA user_version"));
        Assert.StartsWith("the ledger cannot be read or written (", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("the disk is full or fails: free some space, or look at it", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("PRAGMA", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_writers_in_two_stores_lose_nothing()
    {
        await using var one = SqliteEventStore.Open(Db);
        await using var two = SqliteEventStore.Open(Db);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var stream = StreamName.Of("test", $"S{i}");
            var head = StreamHead.Empty(stream);
            for (var n = 0; n < 50; n++)
            {
                var commit = Append(head, stream);
                Assert.IsType<CommitResult.Committed>(await (n % 2 == 0 ? one : two).CommitAsync(commit));
                head = commit.Appends[0].Head;
            }
        })));
        Assert.Equal(800, await two.CountEventsAsync());
    }

    [Fact]
    public async Task What_was_committed_is_there_after_reopening()
    {
        await using (var store = SqliteEventStore.Open(Db)) await store.CommitAsync(Append(StreamHead.Empty(Stream)));
        await using var again = SqliteEventStore.Open(Db);
        Assert.Equal(1, (await again.FindAsync(Stream))!.Head.Version);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_as_damaged()
    {
        await File.WriteAllTextAsync(Db, new string('x', 8192));
        var error = Assert.Throws<LedgerException>(() => SqliteEventStore.Open(Db));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workspace_of_a_newer_version_is_refused()
    {
        await using (SqliteEventStore.Open(Db))
        {
        }

        using (var raw = new SqliteConnection(Db)) raw.Execute("PRAGMA user_version=99");
        Assert.Contains("newer Assay", Assert.Throws<LedgerException>(() => SqliteEventStore.Open(Db)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_that_a_newer_version_has_changed_meanwhile_are_not_written()
    {
        await using var store = SqliteEventStore.Open(Db);
        await store.CommitAsync(Append(StreamHead.Empty(Stream)));
        using (var raw = new SqliteConnection(Db)) raw.Execute("PRAGMA user_version=99");
        var commit = Append(StreamHead.Empty(Stream), StreamName.Of("test", "B"));
        var error = await Assert.ThrowsAsync<LedgerException>(() => store.CommitAsync(commit));
        Assert.Contains("newer Assay", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await store.CountEventsAsync());
    }

    [Fact]
    public async Task A_workspace_of_an_older_version_gets_what_it_lacks_and_keeps_what_it_holds()
    {
        await using (var store = SqliteEventStore.Open(Db)) await store.CommitAsync(Append(StreamHead.Empty(Stream)));
        using (var raw = new SqliteConnection(Db))
        {
            raw.Execute("DROP INDEX streams_due; ALTER TABLE streams DROP COLUMN priority; UPDATE streams SET wake_at=1");
            raw.Execute("CREATE INDEX streams_wake ON streams(lane, wake_at) WHERE wake_at IS NOT NULL");
            raw.Execute("ALTER TABLE sessions DROP COLUMN lease_until_boot_ms; ALTER TABLE sessions DROP COLUMN build; PRAGMA user_version=1");
            raw.Execute("CREATE TABLE idempotency_keys(idempotency_key TEXT PRIMARY KEY, request_sha256, job_id, at) WITHOUT ROWID; INSERT INTO idempotency_keys VALUES('k', 'r', 'j', 't')");
            raw.Execute("INSERT INTO sessions VALUES('old', 'host', 'boot', 1, 1, 1000)");
        }

        await using var again = SqliteEventStore.Open(Db);
        Assert.Equal((1, 0), ((await again.FindAsync(Stream))!.Head.Version, (await again.FindAsync(Stream))!.Priority));
        Assert.Equal(Stream, Assert.Single(await again.ClaimDueAsync(["test"], "new", 10)).Stream);
        Assert.False(Assert.Single(await again.SessionsAsync()).Holds);
        Assert.True(await again.RenewSessionAsync("old", TimeSpan.FromMinutes(1)));
        Assert.True(Assert.Single(await again.SessionsAsync()).Holds);
        Assert.Equal(new RequestKey("k", "r", "j", "t"), await again.FindKeyAsync("k"));
    }

    [Fact]
    public async Task A_process_that_knows_other_tables_can_no_longer_write_once_they_are_made_anew()
    {
        var table = new LaneTable("things", "id", "name");
        await using var older = SqliteEventStore.Open(Db);
        await older.BeginTablesAsync([table]);
        await older.FinishTablesAsync([table]);
        await older.CommitAsync(Append(StreamHead.Empty(Stream)) with { Rows = [new LaneRow(table, "a", "one")] });
        await using (var newer = SqliteEventStore.Open(Db))
        {
            var wider = new LaneTable("things", "id", "name", "colour");
            await newer.BeginTablesAsync([wider]);

            // Already while they are being made: what is written now would be missing in them.
            var late = Append(StreamHead.Empty(StreamName.Of("test", "B")), StreamName.Of("test", "B"));
            Assert.Contains("made anew", (await Assert.ThrowsAsync<LedgerException>(() => older.CommitAsync(late))).Message, StringComparison.Ordinal);
            await newer.FillTablesAsync([new LaneRow(wider, "a", "one", "red")]);
            await newer.FinishTablesAsync([wider]);
            Assert.IsType<CommitResult.Committed>(await newer.CommitAsync(late));
        }

        Assert.Equal(2, await older.CountEventsAsync());
    }

    [Fact]
    public async Task A_process_that_has_the_same_tables_goes_on_when_they_are_made_anew()
    {
        var table = new LaneTable("things", "id", "name");
        await using var one = SqliteEventStore.Open(Db);
        await using var two = SqliteEventStore.Open(Db);
        Assert.Single(await two.UnreadyAsync([table]));
        await one.BeginTablesAsync([table]);
        await one.FinishTablesAsync([table]);
        Assert.Empty(await two.UnreadyAsync([table]));
        Assert.IsType<CommitResult.Committed>(await two.CommitAsync(Append(StreamHead.Empty(Stream)) with { Rows = [new LaneRow(table, "a", "one")] }));
        await two.BeginTablesAsync([table]);
        await two.FinishTablesAsync([table]);
        Assert.Empty(await one.UnreadyAsync([table]));
        Assert.IsType<CommitResult.Committed>(await one.CommitAsync(new Commit([]) { Rows = [new LaneRow(table, "b", "two")] }));
    }

    [Fact]
    public async Task Tables_are_not_made_anew_under_an_engine_at_work()
    {
        await using (var store = SqliteEventStore.Open(Db)) await store.OpenSessionAsync(new WorkerSession("s", "host", "boot", 4711, 1), TimeSpan.FromMinutes(1));
        using (var raw = new SqliteConnection(Db)) raw.Execute("UPDATE sessions SET build='0.0.9'");
        await using var later = SqliteEventStore.Open(Db);
        LaneTable[] tables = [new LaneTable("things", "id", "name")];
        var error = await Assert.ThrowsAsync<LedgerException>(() => later.BeginTablesAsync(tables));
        Assert.Contains("process 4711 on host (0.0.9)", error.Message, StringComparison.Ordinal);
        await later.EndSessionsAsync("s");
        await later.BeginTablesAsync(tables);
    }

    [Fact]
    public async Task After_the_store_itself_failed_nothing_more_is_written()
    {
        await using (SqliteEventStore.Open(Db))
        {
        }

        using var connection = new SqliteConnection(Db);
        using var held = new WriteLock(Db + ".lock");
        using var committer = new GroupCommitter(connection, held, Db);
        Assert.Equal(1, await committer.WriteAsync(_ => 1));
        await Assert.ThrowsAsync<LedgerException>(() => committer.WriteAsync<int>(_ => throw new LedgerException("the disk is gone")));
        Assert.Contains("the disk is gone", (await Assert.ThrowsAsync<LedgerException>(() => committer.WriteAsync(_ => 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_commit_whose_sync_failed_is_unknown_until_asked_and_never_appears_once_it_is_said_not_to_be_there()
    {
        var first = Append(StreamHead.Empty(Stream));
        var lost = Append(first.Appends[0].Head);
        using (var keepsTheLog = new SqliteConnection(Db))
        {
            await using (var store = SqliteEventStore.Open(Db))
            {
                await store.CommitAsync(first);
                keepsTheLog.Execute("SELECT count(*) FROM events");
                var unknown = Assert.IsType<CommitResult.Unknown>(await FailingSync.On(() => store.CommitAsync(lost)));
                Assert.False(unknown.TakesMore);
                await Assert.ThrowsAsync<LedgerException>(() => store.CommitAsync(lost));
                Assert.Equal(CommitFate.Unknown, await FailingSync.On(() => store.ResolveHereAsync(lost)));
                Assert.Equal(CommitFate.NotCommitted, await store.ResolveAsync(lost));
                Assert.Equal(1, await store.CountEventsAsync());
            }

            // As a crash would leave it: whoever opens it next goes through the log.
            foreach (var end in new[] { "", "-wal" }) File.Copy(Db + end, _folder.Under("crashed.db" + end));
        }

        await using var again = SqliteEventStore.Open(_folder.Under("crashed.db"));
        Assert.Equal(first.Appends[0].Head, (await again.FindAsync(Stream))!.Head);
    }

    [Fact]
    public async Task A_store_that_failed_before_it_was_asked_to_commit_says_that_nothing_is_there()
    {
        await using var store = SqliteEventStore.Open(Db);
        var commit = Append(StreamHead.Empty(Stream));
        using (var raw = new SqliteConnection(Db)) raw.Execute("PRAGMA user_version=99");
        await Assert.ThrowsAsync<LedgerException>(() => store.CommitAsync(commit));
        Assert.Equal(CommitFate.Unknown, await store.ResolveAsync(commit));
        using (var raw = new SqliteConnection(Db)) raw.Execute("PRAGMA user_version=5");
        Assert.Equal(CommitFate.NotCommitted, await store.ResolveAsync(commit));
    }

    [Fact]
    public async Task A_write_that_cannot_be_done_fails_alone()
    {
        await using var store = SqliteEventStore.Open(Db);
        var table = new LaneTable("things", "id", "name");
        await store.BeginTablesAsync([table]);
        await store.FinishTablesAsync([table]);
        var wider = new LaneTable("things", "id", "name", "colour");
        var writes = Enumerable.Range(0, 40).Select(i =>
        {
            var commit = Append(StreamHead.Empty(StreamName.Of("test", $"S{i}")), StreamName.Of("test", $"S{i}"));
            var isBad = i % 4 == 0;
            return (isBad, store.CommitAsync(commit with { Rows = [isBad ? new LaneRow(wider, $"{i}", "n", "red") : new LaneRow(table, $"{i}", "n")] }));
        }).ToList();
        foreach (var (isBad, write) in writes)
        {
            if (isBad) Assert.True((await Assert.ThrowsAsync<LedgerException>(() => write)).IsRefusal);
            else Assert.IsType<CommitResult.Committed>(await write);
        }

        Assert.Equal(30, await store.CountEventsAsync());
        Assert.Equal(30, (await store.RowsAsync(table)).Count);
        Assert.Null(await store.FindAsync(StreamName.Of("test", "S0")));
        await Assert.ThrowsAsync<LedgerException>(() => store.CommitAsync(new Commit([]) { Rows = [new LaneRow(table, "x", new object())] }));
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(Append(StreamHead.Empty(Stream))));
    }

    [Fact]
    public async Task The_write_ahead_log_stays_small_while_idle_readers_stay_and_many_short_commands_write()
    {
        await using var reader = SqliteEventStore.Open(Db);
        Assert.Equal(0, await reader.CountEventsAsync());
        var largest = 0L;
        for (var i = 0; i < 90; i++)
        {
            await using (var store = SqliteEventStore.Open(Db))
            {
                var blob = new byte[1 << 20];
                Random.Shared.NextBytes(blob);
                await store.CommitAsync(new Commit([]) { Blobs = [Blob.Of(blob)] });
            }

            Assert.Equal(0, await reader.CountEventsAsync());
            largest = Math.Max(largest, new FileInfo(Db + "-wal").Length);
        }

        Assert.InRange(largest, 1, 40L << 20);
    }

    private static Commit Append(StreamHead head, StreamName? stream = null) =>
        new([new StreamAppend(stream ?? Stream, head, EventEnvelope.Seal(stream ?? Stream, head, [new Noted("x")], DateTimeOffset.UnixEpoch, Catalog))]);
}
