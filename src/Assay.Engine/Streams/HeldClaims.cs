using System.Collections.Concurrent;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>Claims on streams whose runners have not begun yet: a worker takes many at once, and each runner finds its own here.</summary>
internal sealed class HeldClaims
{
    private readonly ConcurrentDictionary<StreamName, Claim> _claims = new();

    public void Hold(Claim claim) => _claims[claim.Stream] = claim;

    /// <summary>The claim on a stream, which is the caller's from now on; null when none is held.</summary>
    public Claim? Take(StreamName stream) => _claims.TryRemove(stream, out var claim) ? claim : null;

    /// <summary>Lets a stream go that could not be advanced, so that any engine may try again after a while.</summary>
    public static async Task GiveUpAsync(IEventStore store, Claim claim, TimeSpan rest)
    {
        try
        {
            while (await store.FindAsync(claim.Stream) is { } info && !await store.ReleaseAsync(claim, info.Head.Version, rest))
            {
            }
        }
        catch (LedgerException)
        {
            // The store itself failed, which whoever asked is told anyway; the claim ends with the lease.
        }
    }
}
