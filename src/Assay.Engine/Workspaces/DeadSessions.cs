using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>Sessions whose process is provably gone, so that what they own need not wait for their leases.</summary>
internal static class DeadSessions
{
    /// <summary>Ends those that are found now.</summary>
    /// <returns>Whether there were any.</returns>
    public static async Task<bool> EndAsync(IEventStore store)
    {
        var dead = (await store.SessionsAsync()).Where(SessionProcess.IsGone).Select(s => s.Id).ToList();
        if (dead.Count > 0) await store.EndSessionsAsync(dead);
        return dead.Count > 0;
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
