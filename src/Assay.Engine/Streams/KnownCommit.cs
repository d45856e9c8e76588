using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>Commits, and finds out what became of it when the store does not say.</summary>
internal static class KnownCommit
{
    /// <summary>
    /// Commits. What is not there is put again, behind the same head; what the store took before it failed counts as committed.
    /// </summary>
    /// <param name="store">The ledger.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="evenStopped">Whether that is asked also of a store that takes nothing any more, for who only wants to know.</param>
    /// <exception cref="LedgerException">The store failed: nothing of the commit is there, or nobody can tell.</exception>
    public static async Task<CommitResult> CommitKnownAsync(this IEventStore store, Commit commit, bool evenStopped)
    {
        for (; ; )
        {
            var result = await store.CommitAsync(commit);
            if (result is not CommitResult.Unknown unknown) return result;
            if (!unknown.TakesMore && !evenStopped) throw unknown.Failure;
            switch (await store.ResolveAsync(commit))
            {
                case CommitFate.Committed:
                    return CommitResult.Committed.Instance;
                case CommitFate.NotCommitted when unknown.TakesMore:
                    continue;
                case CommitFate.NotCommitted:
                    throw new LedgerException($"{unknown.Failure.Message}: nothing of it was recorded", unknown.Failure);
                default:
                    throw new LedgerException($"{unknown.Failure.Message}: whether it was recorded cannot be told", unknown.Failure);
            }
        }
    }
}
