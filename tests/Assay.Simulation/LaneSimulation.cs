using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Simulation;

/// <summary>
/// What the simulations of lanes share: one stream, engines that crash and pause, commands from outside, and an eye on each event.
/// </summary>
internal abstract class LaneSimulation<TState> where TState : class
{
    private const int MaxCrashes = 12;

    private readonly ILane _lane;
    private readonly StreamName _stream;
    private readonly List<SimulatedEngine> _paused = [];
    private SimulatedEngine? _engine;
    private int _engines;
    private int _crashes;

    protected LaneSimulation(
        int seed, ILane lane, StreamName stream, Func<Effect, DateTimeOffset, bool, Random, (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>)> outcome)
    {
        (Random, _lane, _stream) = (new Random(seed), lane, stream);
        World = new World(Random, (effect, now, wasEnded) => outcome(effect, now, wasEnded, Random));
        Truth = new StreamMachine(lane, stream);
    }

    protected Random Random { get; }

    protected World World { get; }

    /// <summary>The fold of what is stored.</summary>
    protected StreamMachine Truth { get; }

    /// <summary>The engine that owns the stream.</summary>
    protected SimulatedEngine Engine => _engine ??= SimulatedEngine.Start(World, _lane, _stream, ++_engines, Random);

    protected TState State
    {
        get
        {
            TakeIn();
            return (TState)Truth.State;
        }
    }

    /// <summary>Runs the seed. Throws with what did not hold.</summary>
    public abstract void Run();

    /// <summary>Runs the seed, and gives the world in which it happened.</summary>
    public World Live()
    {
        Run();
        return World;
    }

    /// <summary>What must hold of each event, given what came before it.</summary>
    protected abstract void CheckStep(TState before, RecordedEvent recorded);

    /// <summary>A state as text, to compare two.</summary>
    protected abstract string Text(TState state);

    /// <summary>
    /// On 0, 1 and 2 of a die: the engine crashes, pauses, or one that was paused wakes up and must do no harm. False on the rest.
    /// </summary>
    protected bool Disturb(int die)
    {
        switch (die)
        {
            case 0 when _crashes < MaxCrashes:
                _crashes++;
                _engine = null;
                return true;
            case 1 when _crashes < MaxCrashes:
                _crashes++;
                _paused.Add(Engine);
                _engine = null;
                return true;
            case 2 when _paused.Count > 0:
                var stale = _paused[Random.Next(_paused.Count)];
                stale.Step();
                if (stale.IsFenced) _paused.Remove(stale);
                return true;
            default:
                return false;
        }
    }

    protected void Submit(Command command)
    {
        TakeIn();
        var pending = Truth.Prepare(World.Now);
        pending.Decide(command);
        if (!pending.IsEmpty) World.Commit(pending.ToCommit(fence: null));
    }

    /// <summary>What holds after every step, whatever the lane.</summary>
    protected void CheckRecord()
    {
        TakeIn();
        Must(Truth.Head.Version == World.Acknowledged(_stream).Count, "an acknowledged event is lost, or one is there that nobody acknowledged");
        if (_engine?.Version != Truth.Head.Version) return;
        Must(Text((TState)_engine.State) == Text((TState)Truth.State), "an engine's state is not the fold of the events");
        Must(_engine.Effects.Ids.SequenceEqual(Truth.Effects.Ids), "an engine holds other effects for under way than the events do");
    }

    protected static void Must(bool holds, string otherwise)
    {
        if (!holds) throw new InvariantException(otherwise);
    }

    /// <summary>Folds what is new, and looks at each event.</summary>
    private void TakeIn()
    {
        foreach (var stored in World.Store.ReadAsync(_stream, Truth.Head.Version).Now())
        {
            Must(stored.Bytes.Span.SequenceEqual(World.Acknowledged(_stream)[(int)stored.Version - 1]), $"event {stored.Version} is not what was acknowledged");
            var before = (TState)Truth.State;
            CheckStep(before, Truth.Apply(stored.Bytes).Recorded);
        }
    }
}
