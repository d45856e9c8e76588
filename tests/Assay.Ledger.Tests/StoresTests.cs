using Assay.Kernel.Streams;
using Assay.Ledger;
using Assay.Ledger.Sqlite;
using Assay.Native;
using Assay.Simulation;

namespace Assay.Tests;

public sealed class SqliteStoreTests : EventStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    protected override IEventStore Open(TimeProvider time) => SqliteEventStore.Open(_folder.Under("ledger.db"), ClockOf(time));

    protected override IEventStore OpenBeside(IEventStore store, TimeProvider time) => Open(time);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_commit_of_another_process_is_heard_of_even_by_who_only_reads()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Under("ledger.db");
        await using var writer = SqliteEventStore.Open(path);
        await using var other = SqliteEventStore.Open(path);
        await using var reader = SqliteEventStore.OpenForReading(path);
        using var heard = new CountdownEvent(2);
        var stream = StreamName.Of("test", "A");
        using var first = other.Listen(() => Signal(heard));
        using var second = reader.Listen(() => Signal(heard));
        await writer.CommitAsync(new Commit([new StreamAppend(stream, StreamHead.Empty(stream), [])]));
        Assert.True(heard.Wait(TimeSpan.FromMinutes(1)), "a commit was not heard of");
    }

    [Fact]
    public async Task Every_commit_rings_the_bell()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Under("ledger.db");
        await using var store = SqliteEventStore.Open(path);
        using var watch = FileWatch.TryOpen(WriteLock.PathFor(path))!;
        var stream = StreamName.Of("test", "A");
        for (var i = 0; i < 3; i++)
        {
            await store.CommitAsync(new Commit([new StreamAppend(stream, StreamHead.Empty(stream), [])]));
            Assert.True(watch.Wait(TimeSpan.FromSeconds(10)), "nobody who watches was told");
        }
    }

    [Fact]
    public async Task A_commit_of_a_build_that_rings_no_bell_is_heard_of_as_well()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Under("ledger.db");
        await using var store = SqliteEventStore.Open(path);
        using var heard = new ManualResetEventSlim();
        using var listening = store.Listen(heard.Set);
        using (var older = new SqliteConnection(path)) older.Execute("INSERT INTO counters VALUES('of_an_older_build', 1)");
        Assert.True(heard.Wait(TimeSpan.FromMinutes(1)), "a commit was not heard of");
    }

    private static HostClock ClockOf(TimeProvider time) => new(time, () => time.GetUtcNow().ToUnixTimeMilliseconds());

    private static void Signal(CountdownEvent heard)
    {
        if (!heard.IsSet) heard.Signal();
    }
}

public sealed class MemoryStoreTests : EventStoreConformance
{
    protected override IEventStore Open(TimeProvider time) => new MemoryEventStore(time);
}
