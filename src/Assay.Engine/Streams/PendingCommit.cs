using System.Collections.Immutable;
using Assay.Engine.Performers;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// What one commit to a stream will hold: events, already folded and sealed so that the next decision can build on them, with the files
/// and rows that they give rise to, and the effects that may begin once it is durable. Commands that the stream puts to others are decided
/// in the same commit, in pending commits that are joined to this one.
/// </summary>
public sealed class PendingCommit
{
    private readonly StreamMachine _machine;
    private readonly Func<StreamName, ValueTask<StreamMachine>>? _open;
    private readonly List<MirrorFile> _files = [];
    private readonly List<LaneRow> _rows = [];
    private readonly List<Blob> _blobs = [];
    private readonly List<RecordedEvent> _recorded = [];
    private readonly List<SealedEvent> _sealed = [];
    private readonly List<StartedEffect> _starts = [];
    private readonly List<PendingCommit> _joined = [];

    internal PendingCommit(StreamMachine machine, DateTimeOffset now, Func<StreamName, ValueTask<StreamMachine>>? open)
    {
        (_machine, _open) = (machine, open);

        // Recorded times have microseconds; the fold must see what a later reader will see.
        Now = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        (BasedOn, Fold) = (machine.Head, machine.Fold);
    }

    public DateTimeOffset Now { get; }

    public StreamName Stream => _machine.Stream;

    public StreamHead BasedOn { get; }

    public object State => Fold.State;

    /// <summary>The lane's state, the effects under way, and where its growing files end.</summary>
    public LaneFold Fold { get; private set; }

    public ActiveEffects Effects => Fold.Effects;

    public IReadOnlyList<RecordedEvent> Recorded => _recorded;

    public IReadOnlyList<MirrorFile> Files => _files;

    /// <summary>The effects to begin once the pending commit is durable.</summary>
    public IReadOnlyList<StartedEffect> Starts => _starts;

    /// <summary>The events as they will be stored.</summary>
    public IReadOnlyList<SealedEvent> Sealed => _sealed;

    /// <summary>The pending commits of other streams that become durable together with this one.</summary>
    public IReadOnlyList<PendingCommit> Joined => _joined;

    /// <summary>Where the stream ends with this.</summary>
    public StreamHead Head => _sealed.Count == 0 ? BasedOn : _sealed[^1].Head;

    public bool IsEmpty => _recorded.Count == 0;

    private ILane Lane => _machine.Lane;

    /// <summary>Answers a command from outside.</summary>
    public Decision Decide(Command command)
    {
        var decision = Lane.Decide(State, Effects, command, Now);
        if (decision is Decision.Accepted accepted) AddAll(accepted.Events);
        return decision;
    }

    /// <summary>
    /// Records how an attempt ended, and what that means to the lane. What untrusted work left may be such that its lane cannot judge it,
    /// or that no event can hold it; then the attempt has failed for this reason (ruling 38), and nothing else has.
    /// </summary>
    public void Record(EffectReport report, IReadOnlyList<Blob> blobs)
    {
        var here = Here;
        try
        {
            Take(report, blobs);
        }
        catch (Exception e) when (e is not LedgerException && report is EffectCompleted)
        {
            BackTo(here);
            var reason = $"its outcome could not be recorded: {FailureReason.Of(e)}";
            Take(new EffectCompleted(report.Effect, report.Attempt, report.Effect.Failed(reason, Now), NoEvidence), []);
        }
    }

    /// <summary>
    /// Starts effects that the lane allows now, until <paramref name="room"/> are under way. A command to another stream that needs no
    /// more than its answer is put at once, and what may start is looked at again.
    /// </summary>
    /// <param name="room">How many effects of the stream may be under way at once.</param>
    /// <param name="session">Who performs them.</param>
    /// <param name="fits">Whether the host has room for an effect, which is taken then; null: it has for all.</param>
    public async ValueTask StartEffectsAsync(int room, WorkerSession session, Func<Effect, bool>? fits = null)
    {
        // What was answered and is asked again would be asked for ever, as would be what found no room.
        var passed = new HashSet<string>(StringComparer.Ordinal);
        while (Lane.Next(State, Effects, Now) is Work.Perform perform
            && await StartUntilAnswerAsync(perform.Effects, room, session, passed, fits))
        {
        }
    }

    /// <summary>The pending commit and those that are joined to it as a commit.</summary>
    /// <param name="fence">
    /// The owner's fencing token; null for a request from outside, which makes the stream due for a worker's attention.
    /// </param>
    /// <param name="mirroredTo">Up to which version the files are known to be written.</param>
    /// <param name="firstOwner">The session that owns the stream if this begins it.</param>
    public Commit ToCommit(long? fence, long? mirroredTo = null, string? firstOwner = null)
    {
        var own = Append(fence) with { MirroredTo = mirroredTo, FirstOwner = firstOwner };
        if (_joined.Count == 0) return new Commit([own]) { Blobs = _blobs, Rows = _rows };

        // A stream that said no, or yes to what was so already, must still stand where it was asked. One without events is not there, and
        // an append without events would make it.
        var others = _joined.Where(j => j.Head.Version > 0).Select(j => j.Append(fence: null));
        return new Commit([own, .. others])
        {
            Blobs = [.. _blobs, .. _joined.SelectMany(j => j._blobs)],
            Rows = [.. _rows, .. _joined.SelectMany(j => j._rows)],
        };
    }

    internal StreamMachine Machine => _machine;

    private static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> NoEvidence => ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;

    private StreamAppend Append(long? fence) =>
        new(Stream, BasedOn, _sealed, fence)
        {
            WakeAfter = fence is null && !IsEmpty ? TimeSpan.Zero : null,
            Priority = IsEmpty ? null : Lane.PriorityOf(State),
        };

    /// <summary>True when another stream has answered, so that the lane may want something else now.</summary>
    private async ValueTask<bool> StartUntilAnswerAsync(
        IEnumerable<Effect> effects, int room, WorkerSession session, HashSet<string> passed, Func<Effect, bool>? fits)
    {
        foreach (var effect in effects)
        {
            if (Effects.Count >= room) return false;
            if (Effects.Contains(effect.Id) || passed.Contains(effect.Id)) continue;
            if (fits?.Invoke(effect) == false)
            {
                passed.Add(effect.Id);
                continue;
            }

            var attempt = Effects.NextAttempt(effect.Id);
            Add(new EffectStarted(effect.Id, attempt, session.Id, session.Host, session.BootId));
            if (effect is ChildStream { UntilEnd: false } asks && _open is not null && asks.Stream != Stream)
            {
                passed.Add(effect.Id);
                await AskAsync(asks, attempt, _open);
                return true;
            }

            _starts.Add(new StartedEffect(effect, attempt));
        }

        return false;
    }

    private async ValueTask AskAsync(ChildStream asks, int attempt, Func<StreamName, ValueTask<StreamMachine>> open)
    {
        var other = _joined.Find(j => j.Stream == asks.Stream);
        var (here, there) = (Here, other?.Here);
        try
        {
            if (other is null) _joined.Add(other = new PendingCommit(await open(asks.Stream), Now, open: null));
            there ??= other.Here;
            var answer = other.Decide(asks.Command) is Decision.Refused refused
                ? refused.Refusal.Answer
                : other.Lane.Answer(other.State, asks.Command);
            var document = answer.Document.IsEmpty ? Array.Empty<Blob>() : [Blob.Of(answer.Document)];
            Take(new EffectCompleted(asks, attempt, new AnswerOutcome(asks.Stream, answer), NoEvidence), document);
        }
        catch (Exception e) when (e is not LedgerException)
        {
            BackTo(here);
            if (there is not null) other!.BackTo(there);
            Take(new EffectCompleted(asks, attempt, asks.Failed(FailureReason.Of(e), Now), NoEvidence), []);
        }
    }

    private void Take(EffectReport report, IReadOnlyList<Blob> blobs)
    {
        Add(report switch
        {
            EffectCompleted done => new EffectFinished(done.Effect.Id, done.Attempt, done.Outcome),
            EffectLost lost => new EffectInterrupted(lost.Effect.Id, lost.Attempt, lost.Reason, lost.Partial) { CostAtMost = lost.CostAtMost },
            _ => throw new InvalidOperationException($"unknown report {report}"),
        });
        _blobs.AddRange(blobs);
        AddAll(Lane.Record(State, Effects, report, Now));
    }

    private void AddAll(IReadOnlyList<Event> events)
    {
        foreach (var body in events) Add(body);
    }

    private void Add(Event body)
    {
        var (fold, folded) = Fold.Record(new RecordedEvent(Head.Version + 1, Now, body));
        var rows = Lane.Rows(fold.State, folded.Recorded);
        var files = folded.Files;
        _sealed.Add(EventEnvelope.Seal(Stream, Head, folded.Recorded, Lane.Events));
        _blobs.AddRange(body.Attached ?? []);
        foreach (var line in folded.Lines) _blobs.Add(new Blob(line.Sha256, line.Content!.Value));
        _recorded.Add(folded.Recorded);
        _files.AddRange(files);
        _rows.AddRange(rows);
        Fold = fold;
    }

    private Mark Here => new(Fold, _files.Count, _rows.Count, _blobs.Count, _recorded.Count, _sealed.Count);

    private void BackTo(Mark mark)
    {
        Fold = mark.Fold;
        Cut(_files, mark.Files);
        Cut(_rows, mark.Rows);
        Cut(_blobs, mark.Blobs);
        Cut(_recorded, mark.Recorded);
        Cut(_sealed, mark.Sealed);
    }

    private static void Cut<T>(List<T> list, int count) => list.RemoveRange(count, list.Count - count);

    /// <summary>How far a pending commit had come.</summary>
    private sealed record Mark(LaneFold Fold, int Files, int Rows, int Blobs, int Recorded, int Sealed);
}

/// <summary>An attempt that may begin.</summary>
public sealed record StartedEffect(Effect Effect, int Attempt);
