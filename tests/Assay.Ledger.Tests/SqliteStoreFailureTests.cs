using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;

namespace Assay.Tests;

/// <summary>What the embedded store does when its file or its neighbours misbehave.</summary>
public sealed class SqliteStoreFailureTests : IDisposable
{
    private static readonly EventCatalog Catalog = new EventCatalog().Add("NOTED", ConformanceJson.Default.Noted);
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
        Assert.Equal(2, one.Read(Stream, 0).Count);
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
        Assert.Equal(800, two.CountEvents());
    }

    [Fact]
    public async Task What_was_committed_is_there_after_reopening()
    {
        await using (var store = SqliteEventStore.Open(Db)) await store.CommitAsync(Append(StreamHead.Empty(Stream)));
        await using var again = SqliteEventStore.Open(Db);
        Assert.Equal(1, again.Find(Stream)!.Head.Version);
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
        Assert.Equal(1, store.CountEvents());
    }

    [Fact]
    public async Task A_workspace_of_an_older_version_gets_what_it_lacks_and_keeps_what_it_holds()
    {
        await using (var store = SqliteEventStore.Open(Db)) await store.CommitAsync(Append(StreamHead.Empty(Stream)));
        using (var raw = new SqliteConnection(Db))
        {
            raw.Execute("ALTER TABLE sessions DROP COLUMN lease_until_boot_ms; PRAGMA user_version=1");
            raw.Execute("INSERT INTO sessions VALUES('old', 'host', 'boot', 1, 1, 1000)");
        }

        await using var again = SqliteEventStore.Open(Db);
        Assert.Equal(1, again.Find(Stream)!.Head.Version);
        Assert.Equal(new LeaseEnd(DateTimeOffset.UnixEpoch.AddSeconds(1), null), Assert.Single(again.Sessions()).Lease);
        Assert.True(await again.RenewSessionAsync("old", new LeaseEnd(DateTimeOffset.UnixEpoch, 7)));
        Assert.Equal(7, Assert.Single(again.Sessions()).Lease.BootMs);
    }

    [Fact]
    public async Task After_a_failed_write_nothing_more_is_written()
    {
        await using var store = SqliteEventStore.Open(Db);
        var head = Append(StreamHead.Empty(Stream));
        await store.CommitAsync(head);
        using (var raw = new SqliteConnection(Db)) raw.Execute("DROP TABLE events");
        await Assert.ThrowsAsync<LedgerException>(() => store.CommitAsync(Append(head.Appends[0].Head)));
        await Assert.ThrowsAsync<LedgerException>(() => store.CommitAsync(Append(head.Appends[0].Head, StreamName.Of("test", "B"))));
    }

    private static Commit Append(StreamHead head, StreamName? stream = null) =>
        new([new StreamAppend(stream ?? Stream, head, EventEnvelope.Seal(stream ?? Stream, head, [new Noted("x")], DateTimeOffset.UnixEpoch, Catalog))]);
}
