using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Kernel.Lanes;

/// <summary>
/// A lane: a fold and a few pure functions. It does no I/O, reads no clock and draws no random number, so that the engine can
/// recover it after a crash and a simulation can crash it at every step. Which effects are under way it is told; its state does not count
/// them again.
/// </summary>
public interface ILane
{
    /// <summary>The first part of the names of its streams.</summary>
    string Name { get; }

    EventCatalog Events { get; }

    /// <summary>The tables of its own that it fills from its events.</summary>
    IReadOnlyList<LaneTable> Tables { get; }

    /// <summary>The state of a stream without events.</summary>
    object Initial { get; }

    /// <summary>How a state is kept, so that a long stream need not be folded from its beginning; null: its streams stay short.</summary>
    JsonTypeInfo? StateType { get; }

    /// <summary>The fold: the state after one more event. State is nothing but its events.</summary>
    object Evolve(object state, RecordedEvent recorded);

    /// <summary>A request from outside: events, or a refusal.</summary>
    Decision Decide(object state, ActiveEffects active, Command command, DateTimeOffset now);

    /// <summary>
    /// What another stream is told that put a command here which was taken. The state contains what came of it; when the other one waits
    /// for the end, all that came until then.
    /// </summary>
    StreamAnswer Answer(object state, Command command);

    /// <summary>What may happen now.</summary>
    Work Next(object state, ActiveEffects active, DateTimeOffset now);

    /// <summary>
    /// How urgent the whole stream is among the due ones of its lane: a lower number comes first, and 0 is what most are. It is kept with
    /// the stream's wake time whenever something is appended.
    /// </summary>
    int PriorityOf(object state);

    /// <summary>An effect that is under way, as the lane asked for it, so that its fate can be settled after a crash.</summary>
    Effect EffectOf(object state, string effectId);

    /// <summary>
    /// What an effect's outcome means in this lane's words. The state already contains the effect's own event, and the effect is not under
    /// way any more.
    /// </summary>
    IReadOnlyList<Event> Record(object state, ActiveEffects active, EffectReport report, DateTimeOffset now);

    /// <summary>
    /// The files that an event gives rise to, but for growing ones; the state already contains it. The same event gives the same bytes for
    /// ever.
    /// </summary>
    IReadOnlyList<MirrorFile> Mirror(object state, RecordedEvent recorded);

    /// <summary>
    /// The lines that an event adds to growing files; the state already contains it. Asked once, when the event is committed, and recorded
    /// with it: the wording may change at any time.
    /// </summary>
    IReadOnlyList<LogLine> Lines(object state, RecordedEvent recorded);

    /// <summary>The lines of an event of format 1, with which they were not recorded. These never change.</summary>
    IReadOnlyList<LogLine> LinesOfFormat1(object state, RecordedEvent recorded);

    /// <summary>Where a file that earlier events gave rise to lies as things stand: one that was put aside is as much evidence as before.</summary>
    MirrorFile PlaceOf(object state, MirrorFile file);

    /// <summary>The rows that an event changes; the state already contains it.</summary>
    IReadOnlyList<LaneRow> Rows(object state, RecordedEvent recorded);
}

/// <summary>A lane with its state's type: what each lane derives from.</summary>
public abstract class Lane<TState> : ILane where TState : class
{
    public abstract string Name { get; }

    public abstract EventCatalog Events { get; }

    public virtual IReadOnlyList<LaneTable> Tables => [];

    public abstract TState Initial { get; }

    public virtual JsonTypeInfo<TState>? StateType => null;

    public abstract TState Evolve(TState state, RecordedEvent recorded);

    public abstract Decision Decide(TState state, ActiveEffects active, Command command, DateTimeOffset now);

    public virtual StreamAnswer Answer(TState state, Command command) => AcceptedAnswer.Instance;

    public abstract Work Next(TState state, ActiveEffects active, DateTimeOffset now);

    public virtual int PriorityOf(TState state) => 0;

    public abstract Effect EffectOf(TState state, string effectId);

    public abstract IReadOnlyList<Event> Record(TState state, ActiveEffects active, EffectReport report, DateTimeOffset now);

    public virtual IReadOnlyList<MirrorFile> Mirror(TState state, RecordedEvent recorded) => [];

    public virtual IReadOnlyList<LogLine> Lines(TState state, RecordedEvent recorded) => [];

    public virtual IReadOnlyList<LogLine> LinesOfFormat1(TState state, RecordedEvent recorded) => [];

    public virtual MirrorFile PlaceOf(TState state, MirrorFile file) => file;

    public virtual IReadOnlyList<LaneRow> Rows(TState state, RecordedEvent recorded) => [];

    object ILane.Initial => Initial;

    JsonTypeInfo? ILane.StateType => StateType;

    object ILane.Evolve(object state, RecordedEvent recorded) => Evolve((TState)state, recorded);

    Decision ILane.Decide(object state, ActiveEffects active, Command command, DateTimeOffset now) =>
        Decide((TState)state, active, command, now);

    StreamAnswer ILane.Answer(object state, Command command) => Answer((TState)state, command);

    Work ILane.Next(object state, ActiveEffects active, DateTimeOffset now) => Next((TState)state, active, now);

    int ILane.PriorityOf(object state) => PriorityOf((TState)state);

    Effect ILane.EffectOf(object state, string effectId) => EffectOf((TState)state, effectId);

    IReadOnlyList<Event> ILane.Record(object state, ActiveEffects active, EffectReport report, DateTimeOffset now) =>
        Record((TState)state, active, report, now);

    IReadOnlyList<MirrorFile> ILane.Mirror(object state, RecordedEvent recorded) => Mirror((TState)state, recorded);

    IReadOnlyList<LogLine> ILane.Lines(object state, RecordedEvent recorded) => Lines((TState)state, recorded);

    IReadOnlyList<LogLine> ILane.LinesOfFormat1(object state, RecordedEvent recorded) => LinesOfFormat1((TState)state, recorded);

    MirrorFile ILane.PlaceOf(object state, MirrorFile file) => PlaceOf((TState)state, file);

    IReadOnlyList<LaneRow> ILane.Rows(object state, RecordedEvent recorded) => Rows((TState)state, recorded);
}
