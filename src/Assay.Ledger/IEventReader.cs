using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>What can be asked of a ledger. Safe for many threads.</summary>
public interface IEventReader : IEventLogReader, IStreamClaimsReader, ILaneRowsReader, IBlobs, ICommitTailReader;

/// <summary>Which streams have new events.</summary>
/// <param name="Position">The last position of all, at or below which nothing appears any more; 0 when there are no events.</param>
/// <param name="Streams">The streams, each with its last version there.</param>
public sealed record StreamChanges(long Position, IReadOnlyList<(StreamName Stream, long Version)> Streams);

/// <summary>A ledger as it was at one moment.</summary>
public interface IEventSnapshot : IEventReader, IAsyncDisposable;
