using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Engine.Streams;

/// <summary>What the engine tells whoever watches it live. None of it is part of the record; the record is enough to show a run again.</summary>
public abstract record EngineNotice(StreamName Stream);

/// <summary>Events have become durable.</summary>
public sealed record EventsCommitted(StreamName Stream, IReadOnlyList<RecordedEvent> Events, object State) : EngineNotice(Stream);

/// <summary>An attempt has begun.</summary>
public sealed record AttemptBegan(StreamName Stream, Effect Effect, int Attempt) : EngineNotice(Stream);

/// <summary>How far an attempt is; <paramref name="Progress"/> is, for a process, a <see cref="Runner.ProcessProgress"/>.</summary>
public sealed record AttemptProgressed(StreamName Stream, Effect Effect, object Progress) : EngineNotice(Stream);

/// <summary>Something that costs the record nothing, and that somebody ought to know.</summary>
public abstract record EngineTrouble(StreamName Stream) : EngineNotice(Stream)
{
    /// <summary>A word for it, in capitals.</summary>
    public abstract string Word { get; }

    /// <summary>What, in a sentence.</summary>
    public abstract string Text { get; }
}

/// <summary>Work is not begun, since other processes of Assay on this host have the memory that its cap asks for, or came first.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="EffectId">The work.</param>
/// <param name="Bytes">Its cap.</param>
public sealed record WaitsForMemory(StreamName Stream, string EffectId, long Bytes) : EngineTrouble(Stream)
{
    private const long MiB = 1 << 20;

    public override string Word => "WAITS_FOR_MEMORY";

    public override string Text =>
        $"{EffectId} waits for {Bytes / MiB} MiB of memory, which other work of Assay on this host has, or waits for since earlier";
}

/// <summary>
/// A file that follows from the ledger could not be written. What it says is durable all the same; it is tried again when its stream is
/// next opened.
/// </summary>
/// <param name="Stream">The stream.</param>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why, in bounded words.</param>
public sealed record FileNotWritten(StreamName Stream, string Path, string Reason) : EngineTrouble(Stream)
{
    public const string Name = "FILE_NOT_WRITTEN";

    public override string Word => Name;

    public override string Text => $"{Path} cannot be written: {Reason}";
}

/// <summary>
/// The fold of a long stream could not be kept. Nothing is lost: whoever opens the stream next folds more of it.
/// </summary>
/// <param name="Stream">The stream.</param>
/// <param name="Reason">Why, in bounded words.</param>
public sealed record FoldNotKept(StreamName Stream, string Reason) : EngineTrouble(Stream)
{
    public override string Word => "FOLD_NOT_KEPT";

    public override string Text => $"what {Stream} folds to could not be kept, so opening it takes longer: {Reason}";
}
