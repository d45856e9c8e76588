using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Ledger;

/// <summary>Everything that becomes durable together: appends to one or more streams, the blobs they name, and lane rows.</summary>
public sealed record Commit(IReadOnlyList<StreamAppend> Appends)
{
    public IReadOnlyList<Blob> Blobs { get; init; } = [];

    public IReadOnlyList<LaneRow> Rows { get; init; } = [];

    public IReadOnlyList<RequestKey> Keys { get; init; } = [];
}

/// <summary>A request that was answered under a key of its sender's, so that asking again gives the same answer.</summary>
/// <param name="Name">The key, made unique by whoever keeps it.</param>
/// <param name="Request">The digest of what was asked.</param>
/// <param name="Answer">What it got.</param>
/// <param name="At">When.</param>
public sealed record RequestKey(string Name, string Request, string Answer, string At);

/// <summary>Events that go behind <paramref name="Expected"/>, and nowhere else.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Expected">Where the writer saw the stream end.</param>
/// <param name="Events">Sealed on top of <paramref name="Expected"/>; may be empty, to move only the mirror cursor or the wake time.</param>
/// <param name="Fence">The writer's fencing token when it holds a claim; null for a request from outside.</param>
public sealed record StreamAppend(StreamName Stream, StreamHead Expected, IReadOnlyList<SealedEvent> Events, long? Fence = null)
{
    /// <summary>Up to which version the mirrored files are known to be written; null: unchanged.</summary>
    public long? MirroredTo { get; init; }

    /// <summary>In how long the stream wants attention from a worker, by the store's clock; null: unchanged.</summary>
    public TimeSpan? WakeAfter { get; init; }

    /// <summary>How urgent the stream is among the due ones of its lane, a lower number first; null: unchanged, and 0 in a new stream.</summary>
    public int? Priority { get; init; }

    /// <summary>
    /// The session that owns the stream from its very first event on, so that no worker gets there before it; null: nobody does. Of no
    /// meaning for a stream that is there already.
    /// </summary>
    public string? FirstOwner { get; init; }

    /// <summary>Where the stream ends with this.</summary>
    public StreamHead Head => Events.Count == 0 ? Expected : Events[^1].Head;
}

/// <summary>What became of a commit.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>It is durable.</summary>
    public sealed record Committed : CommitResult
    {
        public static readonly Committed Instance = new();
    }

    /// <summary>Nothing was written: the stream ends elsewhere than the writer believed. Fold again and decide again.</summary>
    public sealed record Conflict(StreamName Stream, StreamHead Actual) : CommitResult;

    /// <summary>Nothing was written: another session has claimed the stream since.</summary>
    public sealed record Fenced(StreamName Stream) : CommitResult;

    /// <summary>
    /// The store failed when it may have taken the commit already. <see cref="IEventLog.ResolveAsync"/> finds out.
    /// </summary>
    /// <param name="Failure">What happened.</param>
    /// <param name="TakesMore">Whether the store goes on, as after a broken connection; else it takes nothing any more.</param>
    public sealed record Unknown(LedgerException Failure, bool TakesMore) : CommitResult;

    /// <summary>The same, when it is known what became of the commit.</summary>
    /// <exception cref="LedgerException">It is not.</exception>
    public CommitResult OrFailure() => this is Unknown unknown ? throw unknown.Failure : this;
}

/// <summary>What became of a commit of which the store did not say.</summary>
public enum CommitFate
{
    /// <summary>Nobody can tell.</summary>
    Unknown,

    /// <summary>It is durable.</summary>
    Committed,

    /// <summary>It is not there, and will never be.</summary>
    NotCommitted,
}

/// <summary>An event as it is stored.</summary>
/// <param name="Position">
/// Its place in the order of all commits: it only grows and may have gaps, so it counts nothing. Nothing ever appears at or below a position
/// that was read.
/// </param>
/// <param name="Stream">Its stream.</param>
/// <param name="Version">Its place in its stream, from 1.</param>
/// <param name="Bytes">Its exact canonical bytes.</param>
public sealed record StoredEvent(long Position, StreamName Stream, long Version, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The fold of a stream as it was at an event, so that whoever opens the stream need not fold all that came before. It is no evidence:
/// without it, or when it is damaged or another build's, opening only takes longer.
/// </summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Head">The event that was the last one then.</param>
/// <param name="Build">The build that made it; only that very build may use it.</param>
/// <param name="Body">The fold as that build writes it.</param>
/// <param name="Sha256">The digest of <paramref name="Body"/>.</param>
public sealed record StreamSnapshot(StreamName Stream, StreamHead Head, string Build, ReadOnlyMemory<byte> Body, Digest Sha256)
{
    /// <summary>The fold of a stream of a lane that keeps them, as this build writes it.</summary>
    public static StreamSnapshot Of(StreamName stream, StreamHead head, LaneFold fold)
    {
        var body = FoldSnapshot.Write(fold);
        return new StreamSnapshot(stream, head, FoldSnapshot.BuildOf(fold.Lane), body, Digest.Of(body.Span));
    }
}

/// <summary>A stream as the store knows it.</summary>
public sealed record StreamInfo(StreamName Stream, StreamHead Head, long Fence, string? Owner, long MirroredTo)
{
    /// <summary>In how long it wants attention from a worker, by the store's clock when it was looked at; null: it wants none.</summary>
    public TimeSpan? WakeIn { get; init; }

    /// <summary>Among the due streams of its lane a lower number comes first.</summary>
    public int Priority { get; init; }

    /// <summary>Whether that time has come.</summary>
    public bool IsDue => WakeIn <= TimeSpan.Zero;
}

/// <summary>
/// A worker process that owns streams: identified well enough that another on the same host can tell whether it still lives.
/// </summary>
/// <param name="Id">Unique for this process and start.</param>
/// <param name="Host">Host name.</param>
/// <param name="BootId">The kernel's boot id.</param>
/// <param name="ProcessId">Its process id on that host.</param>
/// <param name="StartTicks">Its start time as /proc/PID/stat gives it, so that a reused id is not taken for it.</param>
public sealed record WorkerSession(string Id, string Host, string BootId, int ProcessId, long StartTicks)
{
    /// <summary>The build of Assay that it runs; null for one before ledger format 3.</summary>
    public string? Build { get; init; }

    /// <summary>For how long its claims hold without renewal, by the store's clock when it was looked at.</summary>
    public TimeSpan LeaseLeft { get; init; }

    /// <summary>Whether the lease still ran then.</summary>
    public bool Holds => LeaseLeft > TimeSpan.Zero;
}

/// <summary>The right to append to a stream as its owner.</summary>
public sealed record Claim(StreamName Stream, string SessionId, long Fence);

/// <summary>What became of an attempt to claim.</summary>
public abstract record ClaimResult
{
    private ClaimResult()
    {
    }

    public sealed record Granted(Claim Claim) : ClaimResult;

    public sealed record Held(WorkerSession Owner) : ClaimResult;
}

/// <summary>The store failed in a way that no caller can mend: damaged, full, locked for too long, or written by a newer version.</summary>
public sealed class LedgerException : Exception
{
    /// <summary>Whether only what was asked for failed, and the store takes more: it was refused, not lost.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>Whether what was read is no longer of one moment: whoever looks again sees another.</summary>
    public bool IsOutdated { get; init; }

    public LedgerException(string message) : base(message)
    {
    }

    public LedgerException(string message, Exception inner) : base(message, inner)
    {
    }
}
