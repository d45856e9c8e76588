namespace Assay.Ledger;

/// <summary>
/// Append-only streams with optimistic concurrency, claims with fencing, blobs and lane rows. Every implementation passes the
/// same conformance suite (<c>tests/Assay.Ledger.Tests/EventStoreConformance.cs</c>). Safe for many threads and, where the store
/// allows it, for many processes. Leases and wake times go by its own clock: callers name durations and never say what time it is.
/// </summary>
public interface IEventStore : IEventReader, IEventLog, IStreamClaims, ILaneRows, ICommitTail, IAsyncDisposable
{
    /// <summary>
    /// All that is there now, as it stays for whoever reads it while others go on writing. To be given back within ten seconds: as long as
    /// it is held, the write-ahead log cannot be emptied.
    /// </summary>
    ValueTask<IEventSnapshot> SnapshotAsync();
}
