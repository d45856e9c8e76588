using Assay.Engine.Performers;
using Assay.Kernel.Lanes;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// Keeps the folds of long streams, so that whoever opens one folds little. It is done seldom enough that a stream costs the same for each
/// of its events, however many there are: as often as it has grown by a part of itself.
/// </summary>
/// <param name="store">The ledger.</param>
/// <param name="tell">Is told what could not be kept.</param>
internal sealed class SnapshotKeeper(IEventStore store, Action<FoldNotKept>? tell = null)
{
    /// <summary>
    /// Fewer events are folded in less time than a process that keeps a fold needs to compile what writes it: 0.2 s against 0.3 s.
    /// </summary>
    private const int First = 4_000;

    /// <summary>Fewer are folded in less time than the rest of a fold is read.</summary>
    private const int Few = 1_000;

    /// <summary>While work goes on, a fold is kept when its stream has grown by this part.</summary>
    private const int PartAtWork = 16;

    /// <summary>Otherwise by this one, so that whoever opens a stream of 100,000 events folds at most 3,125 of them.</summary>
    private const int PartAtRest = 32;

    /// <summary>Twice as much goes into the write-ahead log in one commit, which stays under its bound of 64 MB so.</summary>
    private const int MostBytes = 20 << 20;

    /// <summary>Whether a stream of so many events is long enough.</summary>
    public static bool IsWorthIt(long events) => events >= First;

    /// <summary>Whether a stream that is being worked on has grown enough.</summary>
    public static bool IsDueAtWork(StreamMachine machine) => Has(machine, Math.Max(First, machine.Head.Version / PartAtWork));

    /// <summary>Whether a stream that took a command or is let go has grown enough.</summary>
    public static bool IsDueAtRest(StreamMachine machine) =>
        Has(machine, Math.Max(machine.KeptAt == 0 ? First : Few, machine.Head.Version / PartAtRest));

    /// <summary>
    /// Keeps the fold as it is now. What is not kept costs the next one time and nothing else, so it is told and no failure.
    /// </summary>
    public async Task KeepAsync(StreamMachine machine)
    {
        var (fold, stream, head) = (machine.Fold, machine.Stream, machine.Head);
        machine.KeptAt = head.Version;
        try
        {
            var snapshot = await Task.Run(() => StreamSnapshot.Of(stream, head, fold));
            if (snapshot.Body.Length <= MostBytes) await store.KeepSnapshotAsync(snapshot);
            else tell?.Invoke(new FoldNotKept(stream, $"it is larger than {MostBytes >> 20} MiB"));
        }
        catch (Exception e)
        {
            tell?.Invoke(new FoldNotKept(stream, FailureReason.Of(e)));
        }
    }

    /// <summary>Whether a stream has grown by so much. How its lane writes a fold, which takes time to find out, is asked last.</summary>
    private static bool Has(StreamMachine machine, long grown) =>
        machine.Head.Version - machine.KeptAt >= grown && FoldSnapshot.IsKept(machine.Lane);
}
