using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>
/// Append-only streams with optimistic concurrency, claims with fencing, blobs and lane rows. Every implementation passes the
/// same conformance suite (<c>tests/Assay.Ledger.Tests/EventStoreConformance.cs</c>). Safe for many threads and, where the store
/// allows it, for many processes. Leases and wake times go by its own clock: callers name durations and never say what time it is.
/// </summary>
public interface IEventStore : IEventReader, IAsyncDisposable
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

    /// <summary>
    /// Begins to make tables anew. Until they are finished the old ones stay, and whoever has seen them writes nothing any more. Rows that
    /// are filled in replace those with the same key.
    /// </summary>
    /// <exception cref="LedgerException">An engine is at work: a session is there whose lease holds.</exception>
    Task BeginTablesAsync(IReadOnlyList<LaneTable> tables);

    /// <summary>Puts rows into tables that are being made.</summary>
    Task FillTablesAsync(IReadOnlyList<LaneRow> rows);

    /// <summary>Puts the new tables in the place of the old ones.</summary>
    Task FinishTablesAsync(IReadOnlyList<LaneTable> tables);

    /// <summary>Opens a session for a worker; its claims live until it ends or its lease runs out.</summary>
    Task OpenSessionAsync(WorkerSession session, TimeSpan lease);

    /// <summary>Lets the session's lease run for so long from now. False when it is gone: its claims may have been taken over.</summary>
    Task<bool> RenewSessionAsync(string sessionId, TimeSpan lease);

    /// <summary>
    /// Ends sessions, those of dead processes too, and frees their claims. An id is of one process and start, so a process that has got
    /// the number of a dead one keeps what it owns; one that is ended already is passed over.
    /// </summary>
    Task EndSessionsAsync(params IReadOnlyCollection<string> sessionIds);

    /// <summary>
    /// Makes the session the owner of a stream, under a fencing token higher than all before. Refused while another session owns it
    /// whose lease holds. Who can prove that its process is gone ends that session first.
    /// </summary>
    Task<ClaimResult> ClaimAsync(StreamName stream, string sessionId);

    /// <summary>
    /// Makes the session the owner of at most <paramref name="limit"/> streams that are due, in one step: their wake time has come, and no
    /// session owns them whose lease holds. Lanes take turns in the order in which they are given, one stream each; within a lane the lowest
    /// priority number comes first, then what has waited longest. Nothing is written when nothing is due.
    /// </summary>
    /// <returns>The claims, in that order.</returns>
    Task<IReadOnlyList<Claim>> ClaimDueAsync(IReadOnlyList<string> lanes, string sessionId, int limit);

    /// <summary>
    /// Gives the claim back and sets in how long the stream wants attention next; null: not until something is appended. False when the
    /// stream moved on since <paramref name="version"/>: look again before letting go.
    /// </summary>
    Task<bool> ReleaseAsync(Claim claim, long version, TimeSpan? wakeAfter);

    /// <summary>
    /// Calls after commits of this process or another one, within milliseconds, from any thread: once for all that came since the last
    /// call, and now and then for nothing. What came is to be asked for, and the call must return soon and throw nothing.
    /// </summary>
    /// <returns>What ends it.</returns>
    IDisposable Listen(Action heard);

    /// <summary>
    /// All that is there now, as it stays for whoever reads it while others go on writing. To be given back within ten seconds: as long as
    /// it is held, the write-ahead log cannot be emptied.
    /// </summary>
    IEventSnapshot Snapshot();
}
