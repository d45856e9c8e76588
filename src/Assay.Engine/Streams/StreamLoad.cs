using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>Folds streams as they are stored, long ones from what was kept of their fold.</summary>
public static class StreamLoad
{
    /// <summary>A stream as it stands.</summary>
    /// <param name="store">The ledger.</param>
    /// <param name="lane">The stream's lane.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The stream as somebody has it from before, who gives it away; null: nobody has.</param>
    /// <exception cref="FormatException">An event is none of its lane.</exception>
    public static async ValueTask<StreamMachine> OfAsync(IEventReader store, ILane lane, StreamName stream, StreamMachine? from = null)
    {
        if (from is null && await KeptAsync(store, lane, stream) is { } kept && await TryForwardAsync(store, kept)) return kept;
        var machine = from ?? new StreamMachine(lane, stream);
        await ForwardAsync(store, machine);
        return machine;
    }

    /// <summary>
    /// Keeps the folds of all streams that are long enough, as this build writes them, from their events alone: what somebody else has put
    /// in the place of one is gone then.
    /// </summary>
    /// <param name="store">The ledger.</param>
    /// <param name="lanes">The lanes of this build.</param>
    /// <param name="tell">Is told what could not be kept.</param>
    public static async Task KeepAllAsync(IEventStore store, LaneSet lanes, Action<FoldNotKept> tell)
    {
        var keeper = new SnapshotKeeper(store, tell);
        foreach (var info in await store.StreamsAsync())
        {
            if (lanes.Find(info.Stream) is not { } lane || !FoldSnapshot.IsKept(lane)) continue;
            if (!SnapshotKeeper.IsWorthIt(info.Head.Version) && await store.FindSnapshotAsync(info.Stream) is null) continue;
            await keeper.KeepAsync(await OfAsync(store, lane, info.Stream, new StreamMachine(lane, info.Stream)));
        }
    }

    /// <summary>A stream as it was when its fold was kept; null when that is of no use.</summary>
    /// <param name="store">The ledger.</param>
    /// <param name="lane">The stream's lane.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="atMost">What is wanted is not beyond this version.</param>
    internal static async ValueTask<StreamMachine?> KeptAsync(
        IEventReader store, ILane lane, StreamName stream, long atMost = long.MaxValue)
    {
        if (await store.FindSnapshotAsync(stream) is not { } kept || !FoldSnapshot.IsKept(lane)) return null;
        if (kept.Build != FoldSnapshot.BuildOf(lane) || kept.Head.Version < 1 || kept.Head.Version > atMost || Digest.Of(kept.Body.Span) != kept.Sha256) return null;

        // What was kept of another past than the one that is stored, as after a restored backup, is of no use.
        var last = await store.ReadAsync(stream, kept.Head.Version - 1, limit: 1);
        if (last is not [var stored] || stored.Version != kept.Head.Version || Digest.Of(stored.Bytes.Span) != kept.Head.Hash) return null;
        try
        {
            return new StreamMachine(FoldSnapshot.Read(lane, kept.Body.Span), stream, kept.Head);
        }
        catch (Exception e) when (e is not LedgerException)
        {
            // A damaged fold may make its reader fail in any way.
            return null;
        }
    }

    private static async ValueTask ForwardAsync(IEventReader store, StreamMachine machine)
    {
        foreach (var stored in await store.ReadAsync(machine.Stream, machine.Head.Version)) machine.Apply(stored.Bytes);
    }

    /// <summary>Whether what came since fits to a fold that was kept. One that somebody made up may make that fail in any way.</summary>
    private static async ValueTask<bool> TryForwardAsync(IEventReader store, StreamMachine kept)
    {
        try
        {
            await ForwardAsync(store, kept);
            return true;
        }
        catch (Exception e) when (e is not LedgerException)
        {
            return false;
        }
    }

    /// <summary>Looks at a stream again that a commit did not find where it was expected.</summary>
    /// <exception cref="LedgerException">It is where it was seen, and its events do not lead there: nobody can ever write behind it.</exception>
    internal static void AfterConflict(StreamMachine again, CommitResult.Conflict conflict)
    {
        if (again.Head.Version != conflict.Actual.Version || again.Head == conflict.Actual) return;
        throw new LedgerException($"{again.Stream} is damaged: its events do not lead to its head; assay verify says where");
    }
}
