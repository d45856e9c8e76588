using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>
/// What one commit to a stream will hold: events, already folded so that the next decision can build on them, with the files and rows
/// that they give rise to, and the effects that may begin once it is durable.
/// </summary>
public sealed class Draft
{
    private readonly StreamMachine _machine;
    private readonly List<MirrorFile> _files = [];
    private readonly List<LaneRow> _rows = [];
    private readonly List<Blob> _blobs = [];
    private readonly List<RecordedEvent> _recorded = [];
    private readonly List<StartedEffect> _starts = [];
    private IReadOnlyList<SealedEvent>? _sealed;

    internal Draft(StreamMachine machine, DateTimeOffset now)
    {
        _machine = machine;

        // Recorded times have microseconds; the fold must see what a later reader will see.
        Now = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        (BasedOn, Fold, Effects) = (machine.Head, machine.Fold, machine.Effects);
    }

    public DateTimeOffset Now { get; }

    public StreamHead BasedOn { get; }

    public object State => Fold.State;

    /// <summary>The lane's state, and where its growing files end.</summary>
    public LaneFold Fold { get; private set; }

    public EffectBook Effects { get; private set; }

    public IReadOnlyList<RecordedEvent> Recorded => _recorded;

    public IReadOnlyList<MirrorFile> Files => _files;

    /// <summary>The effects to begin once the draft is durable.</summary>
    public IReadOnlyList<StartedEffect> Starts => _starts;

    /// <summary>The events as they will be stored. After this nothing can be added.</summary>
    public IReadOnlyList<SealedEvent> Sealed => _sealed ??= EventEnvelope.Seal(_machine.Stream, BasedOn, _recorded, _machine.Lane.Events);

    public bool IsEmpty => _recorded.Count == 0;

    /// <summary>Answers a command from outside.</summary>
    public Decision Decide(Command command)
    {
        var decision = _machine.Lane.Decide(State, command, Now);
        if (decision is Decision.Accepted accepted) AddAll(accepted.Events);
        return decision;
    }

    /// <summary>Records how an attempt ended, and what that means to the lane.</summary>
    public void Record(EffectReport report, IReadOnlyList<Blob> blobs)
    {
        Add(report switch
        {
            EffectCompleted done => new EffectFinished(done.Effect.Id, done.Attempt, done.Outcome),
            EffectLost lost => new EffectInterrupted(lost.Effect.Id, lost.Attempt, lost.Reason, lost.Partial),
            _ => throw new InvalidOperationException($"unknown report {report}"),
        });
        _blobs.AddRange(blobs);
        AddAll(_machine.Lane.Record(State, report, Now));
    }

    /// <summary>Starts effects that the lane allows now, until <paramref name="room"/> are under way.</summary>
    public void StartEffects(int room, WorkerSession session)
    {
        if (_machine.Lane.Next(State, Now) is not Work.Perform perform) return;
        foreach (var effect in perform.Effects)
        {
            if (Effects.InFlight.Count >= room) return;
            if (Effects.InFlight.ContainsKey(effect.Id)) continue;
            var attempt = Effects.NextAttempt(effect.Id);
            Add(new EffectStarted(effect.Id, attempt, session.Id, session.Host, session.BootId));
            _starts.Add(new StartedEffect(effect, attempt));
        }
    }

    /// <summary>The draft as a commit.</summary>
    /// <param name="fence">The owner's fencing token; null for a request from outside, which makes the stream due for a worker's attention.</param>
    /// <param name="mirroredTo">Up to which version the files are known to be written.</param>
    public Commit ToCommit(long? fence, long? mirroredTo = null) =>
        new([new StreamAppend(_machine.Stream, BasedOn, Sealed, fence) { MirroredTo = mirroredTo, WakeAt = fence is null ? Now : null }]) { Blobs = _blobs, Rows = _rows };

    private void AddAll(IReadOnlyList<Event> events)
    {
        foreach (var body in events) Add(body);
    }

    private void Add(Event body)
    {
        if (_sealed is not null) throw new InvalidOperationException("the draft is sealed");
        (Fold, var folded) = Fold.Record(new RecordedEvent(BasedOn.Version + _recorded.Count + 1, Now, body));
        _blobs.AddRange(body.Attached ?? []);
        foreach (var line in folded.Lines) _blobs.Add(new Blob(line.Sha256, line.Content!.Value));
        _recorded.Add(folded.Recorded);
        Effects = Effects.Evolve(body);
        _files.AddRange(folded.Files);
        _rows.AddRange(_machine.Lane.Rows(State, folded.Recorded));
    }
}

/// <summary>An attempt that may begin.</summary>
public sealed record StartedEffect(Effect Effect, int Attempt);
