using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Workspaces;

/// <summary>Who works on a stream, for those who only look.</summary>
public static class StreamOwner
{
    /// <summary>The session that owns a stream, when its lease holds and its process is not known to be gone; else null.</summary>
    public static async ValueTask<WorkerSession?> OfAsync(IEventStore store, StreamName stream) =>
        (await store.FindAsync(stream))?.Owner is { } owner
            ? (await store.SessionsAsync()).FirstOrDefault(s => s.Id == owner && s.Holds && !SessionProcess.IsGone(s))
            : null;
}
