using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>Streams of events and the order of their commits, and what was kept of their folds.</summary>
public interface IEventLogReader
{
    /// <summary>The stream as it is now, or null when it has no events.</summary>
    ValueTask<StreamInfo?> FindAsync(StreamName stream);

    /// <summary>The streams of one lane, or of all, by name.</summary>
    ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(string? lane = null);

    /// <summary>Events of a stream behind a version, oldest first, at most <paramref name="limit"/>.</summary>
    ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(StreamName stream, long afterVersion, int limit = int.MaxValue);

    /// <summary>
    /// Events of all streams in the order of their commits, behind a position, at most <paramref name="limit"/>. Whoever goes on behind the
    /// last one that he got misses none, whoever writes meanwhile.
    /// </summary>
    ValueTask<IReadOnlyList<StoredEvent>> ReadAllAsync(long afterPosition, int limit);

    /// <summary>How many events there are in all streams together.</summary>
    ValueTask<long> CountEventsAsync();

    /// <summary>What was kept last of a stream's fold, damaged or not; null when nothing was.</summary>
    ValueTask<StreamSnapshot?> FindSnapshotAsync(StreamName stream);
}

/// <summary>The same to write: everything that becomes durable together goes through one commit.</summary>
public interface IEventLog : IEventLogReader
{
    /// <summary>
    /// Applies a commit wholly or not at all. When the task ends with <see cref="CommitResult.Committed"/>, it survives a loss of power.
    /// </summary>
    /// <exception cref="LedgerException">The store failed, or the commit cannot be written: nothing of it is there.</exception>
    Task<CommitResult> CommitAsync(Commit commit);

    /// <summary>
    /// What became of a commit that ended as <see cref="CommitResult.Unknown"/>: by stream, version and hash of its events, so that one
    /// without events stays unknown. What is said to be not there never appears later.
    /// </summary>
    Task<CommitFate> ResolveAsync(Commit commit);

    /// <summary>Keeps the fold of a stream, in the place of what was kept of it before. A stream that is not there is left alone.</summary>
    Task KeepSnapshotAsync(StreamSnapshot snapshot);
}
