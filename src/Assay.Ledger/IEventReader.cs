using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>What can be asked of a ledger. Safe for many threads.</summary>
public interface IEventReader
{
    /// <summary>The stream as it is now, or null when it has no events.</summary>
    StreamInfo? Find(StreamName stream);

    /// <summary>The streams of one lane, or of all, by name.</summary>
    IReadOnlyList<StreamInfo> Streams(string? lane = null);

    /// <summary>Events of a stream behind a version, oldest first, at most <paramref name="limit"/>.</summary>
    IReadOnlyList<StoredEvent> Read(StreamName stream, long afterVersion, int limit = int.MaxValue);

    /// <summary>
    /// Events of all streams in the order of their commits, behind a position, at most <paramref name="limit"/>. Whoever goes on behind the
    /// last one that he got misses none, whoever writes meanwhile.
    /// </summary>
    IReadOnlyList<StoredEvent> ReadAll(long afterPosition, int limit);

    /// <summary>How many events there are in all streams together.</summary>
    long CountEvents();

    /// <summary>What was kept last of a stream's fold, damaged or not; null when nothing was.</summary>
    StreamSnapshot? FindSnapshot(StreamName stream);

    /// <summary>The blob's bytes, or null.</summary>
    byte[]? ReadBlob(Digest sha256);

    /// <summary>Which of these tables are not there yet, or were made by a build that has others.</summary>
    IReadOnlyList<LaneTable> Unready(IReadOnlyList<LaneTable> tables);

    /// <summary>What a request with this key asked for and got; null when there was none.</summary>
    RequestKey? FindKey(string name);

    /// <summary>The rows of a declared lane table, by key.</summary>
    IReadOnlyList<LaneRow> Rows(LaneTable table);

    /// <summary>A page of the rows of a declared lane table.</summary>
    IReadOnlyList<LaneRow> Rows(RowQuery query);

    /// <summary>The row with a key, or null.</summary>
    LaneRow? Row(LaneTable table, string key);

    /// <summary>How many rows have each value of a column.</summary>
    IReadOnlyDictionary<string, long> CountRows(LaneTable table, string column);

    /// <summary>All sessions that have not been closed.</summary>
    IReadOnlyList<WorkerSession> Sessions();

    /// <summary>In how long the first wake time of a lane's streams comes that has not come yet; null when there is none.</summary>
    TimeSpan? NextWake(string lane);

    /// <summary>Which streams have events behind a position.</summary>
    StreamChanges Changes(long afterPosition);
}

/// <summary>Which streams have new events.</summary>
/// <param name="Position">The last position of all, at or below which nothing appears any more; 0 when there are no events.</param>
/// <param name="Streams">The streams, each with its last version there.</param>
public sealed record StreamChanges(long Position, IReadOnlyList<(StreamName Stream, long Version)> Streams);

/// <summary>A ledger as it was at one moment.</summary>
public interface IEventSnapshot : IEventReader, IDisposable;
