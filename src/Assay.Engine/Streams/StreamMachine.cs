using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>
/// One stream in memory: where it ends, its lane's state, and its effects. It decides nothing and does no I/O; pending commits are made from
/// it, and adopted once they are durable. The engine and the simulation step through the same code.
/// </summary>
public sealed class StreamMachine
{
    public StreamMachine(ILane lane, StreamName stream)
    {
        Stream = stream;
        Head = StreamHead.Empty(stream);
        Fold = LaneFold.Of(lane);
    }

    /// <summary>A stream whose fold was kept.</summary>
    internal StreamMachine(LaneFold fold, StreamName stream, StreamHead head) =>
        (Fold, Stream, Head, KeptAt) = (fold, stream, head, head.Version);

    public ILane Lane => Fold.Lane;

    /// <summary>The version at which its fold was kept, or was last tried to be; 0: never.</summary>
    internal long KeptAt { get; set; }

    public StreamName Stream { get; }

    public StreamHead Head { get; private set; }

    public object State => Fold.State;

    /// <summary>The lane's state, the effects under way, and where its growing files end.</summary>
    public LaneFold Fold { get; private set; }

    public ActiveEffects Effects => Fold.Effects;

    /// <summary>A machine that stands where this one stands. State is immutable, so it is shared.</summary>
    public StreamMachine Clone() => new(Lane, Stream) { Head = Head, Fold = Fold, KeptAt = KeptAt };

    /// <summary>Folds one stored event.</summary>
    /// <exception cref="FormatException">The bytes are no event of this lane, or not the next one of this stream.</exception>
    public FoldedEvent Apply(ReadOnlyMemory<byte> bytes)
    {
        var recorded = EventEnvelope.Open(bytes, Lane.Events);
        if (recorded.Version != Head.Version + 1) throw new FormatException($"{Stream} goes from version {Head.Version} to {recorded.Version}");
        (Fold, var folded) = Fold.Take(recorded);
        Head = new StreamHead(recorded.Version, Digest.Of(bytes.Span));
        return folded;
    }

    /// <summary>Starts a pending commit of what happens next.</summary>
    /// <param name="now">The time.</param>
    /// <param name="open">
    /// Finds other streams as they stand, each a copy that nobody else changes, to which commands are put in the same commit; null: a
    /// command to another stream is an effect like any other.
    /// </param>
    public PendingCommit Prepare(DateTimeOffset now, Func<StreamName, ValueTask<StreamMachine>>? open = null) => new(this, now, open);

    /// <summary>Takes over a pending commit that has become durable.</summary>
    public void Adopt(PendingCommit pending)
    {
        if (pending.BasedOn != Head) throw new InvalidOperationException("a pending was adopted by a stream that has moved on");
        (Fold, Head) = (pending.Fold, pending.Head);
    }
}
