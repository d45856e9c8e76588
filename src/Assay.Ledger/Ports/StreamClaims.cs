using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>Who works on which stream, and when one wants attention.</summary>
public interface IStreamClaimsReader
{
    /// <summary>All sessions that have not been closed.</summary>
    ValueTask<IReadOnlyList<WorkerSession>> SessionsAsync();

    /// <summary>In how long the first wake time of a lane's streams comes that has not come yet; null when there is none.</summary>
    ValueTask<TimeSpan?> NextWakeAsync(string lane);
}

/// <summary>The same to change: sessions with leases, and claims with fencing tokens.</summary>
public interface IStreamClaims : IStreamClaimsReader
{
    /// <summary>Opens a session for a worker; its claims live until it ends or its lease runs out.</summary>
    Task OpenSessionAsync(WorkerSession session, TimeSpan lease);

    /// <summary>Lets the session's lease run for so long from now. False when it is gone: its claims may have been taken over.</summary>
    Task<bool> RenewSessionAsync(string sessionId, TimeSpan lease);

    /// <summary>
    /// Ends sessions, those of dead processes too, and frees their claims; a stream that was not let go before still names its last owner,
    /// so that it is seen to have been left. An id is of one process and start, so a process that has got the number of a dead one keeps
    /// what it owns; one that is ended already is passed over.
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
}
