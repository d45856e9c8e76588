using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>Sessions whose process is provably gone, so that what they own need not wait for their leases.</summary>
internal static class DeadSessions
{
    /// <summary>Ends those that are found now.</summary>
    /// <returns>How many were ended, and those that are not known to be gone.</returns>
    public static async Task<(int Ended, IReadOnlyList<WorkerSession> Others)> EndAsync(IEventStore store)
    {
        var sessions = await store.SessionsAsync();
        var dead = sessions.Where(SessionProcess.IsGone).ToList();
        if (dead.Count > 0) await store.EndSessionsAsync([.. dead.Select(s => s.Id)]);
        return (dead.Count, [.. sessions.Except(dead)]);
    }

    /// <summary>Claims a stream, also from a session whose process is gone.</summary>
    public static async Task<ClaimResult> ClaimAsync(IEventStore store, StreamName stream, string sessionId)
    {
        for (; ; )
        {
            var claimed = await store.ClaimAsync(stream, sessionId);
            if (claimed is not ClaimResult.Held { Owner: var owner } || !SessionProcess.IsGone(owner)) return claimed;
            await store.EndSessionsAsync(owner.Id);
        }
    }
}
