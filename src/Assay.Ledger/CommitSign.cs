using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>By what a commit is known: its last event in one of its streams. It is there wholly or not at all, so one tells of all.</summary>
public sealed record CommitSign(StreamName Stream, StreamHead Head)
{
    /// <summary>The sign of a commit; null when it has no events.</summary>
    public static CommitSign? Of(Commit commit) =>
        commit.Appends.FirstOrDefault(a => a.Events.Count > 0) is { } append ? new CommitSign(append.Stream, append.Head) : null;

    /// <summary>
    /// What the stored events say: <see cref="CommitFate.Unknown"/> as long as nothing stands in the place.
    /// </summary>
    public async ValueTask<CommitFate> InAsync(IEventReader store) => await store.ReadAsync(Stream, Head.Version - 1, limit: 1) switch
    {
        [var stored] when stored.Version == Head.Version => Digest.Of(stored.Bytes.Span) == Head.Hash ? CommitFate.Committed : CommitFate.NotCommitted,
        _ => CommitFate.Unknown,
    };
}
