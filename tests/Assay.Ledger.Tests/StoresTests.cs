using Assay.Ledger;
using Assay.Ledger.Sqlite;
using Assay.Simulation;

namespace Assay.Tests;

public sealed class SqliteStoreTests : EventStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    protected override IEventStore Open() => SqliteEventStore.Open(_folder.Under("ledger.db"));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

public sealed class MemoryStoreTests : EventStoreConformance
{
    protected override IEventStore Open() => new MemoryEventStore();
}
