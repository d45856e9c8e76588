using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;
using Assay.Ledger;

namespace Assay.Simulation;

/// <summary>What outlives every engine: the store, the clock, the markers on disk, and what really ran.</summary>
/// <param name="random">Decides what happens.</param>
/// <param name="outcome">How an effect ends; the flag says that its end was asked for.</param>
internal sealed class World(Random random, Func<Effect, DateTimeOffset, bool, (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>)> outcome)
{
    private const int EngineFailsOnceIn = 16;
    private const int MostSteps = 1_000;

    private static readonly LaneSet Lanes = new(
        EpochLane.Instance, LadderLane.Instance, JobLane.Instance, DossierLane.Instance, RegistryLane.Instance,
        TaskLane.Instance, AdapterLane.Instance, ProjectLane.Instance);

    private readonly Dictionary<StreamName, List<byte[]>> _acknowledged = [];
    private readonly Dictionary<StreamName, StreamMachine> _folded = [];
    private int _drivers = 1_000;

    public MemoryEventStore Store { get; } = new();

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Markers by effect and attempt, as they would lie on disk.</summary>
    public HashSet<string> Markers { get; } = new(StringComparer.Ordinal);

    /// <summary>How often the outside world saw each effect begin.</summary>
    public Dictionary<string, int> Executions { get; } = new(StringComparer.Ordinal);

    /// <summary>The streams to which something was committed, in the order of their names.</summary>
    public IEnumerable<StreamName> Streams => _acknowledged.Keys.OrderBy(s => s.ToString(), StringComparer.Ordinal);

    /// <summary>Exact bytes of every event of a stream whose commit was acknowledged to somebody.</summary>
    public IReadOnlyList<byte[]> Acknowledged(StreamName stream) => _acknowledged.GetValueOrDefault(stream, []);

    /// <summary>How an effect that is ending now turns out; now and then the engine itself cannot perform it.</summary>
    public (EffectOutcome Outcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Evidence) Outcome(Effect effect, bool wasEnded)
    {
        if (random.Next(EngineFailsOnceIn) == 0) return (effect.Failed("simulated", Now), FakeOutcomes.NoEvidence);

        // A run's dossier is made by a program, which is fake; what else is asked of other streams really happens.
        return effect is ChildStream asks and not { Command: DeclareDossier }
            ? (new AnswerOutcome(asks.Stream, Answer(asks, wasEnded)), FakeOutcomes.NoEvidence)
            : outcome(effect, Now, wasEnded);
    }

    private StreamAnswer Answer(ChildStream asks, bool wasEnded)
    {
        if (Submit(asks.Stream, asks.Command) is Decision.Refused refused) return refused.Refusal.Answer;
        return Lanes[asks.Stream].Answer(wasEnded ? Open(asks.Stream).State : Drive(asks.Stream), asks.Command);
    }

    public void Pass(TimeSpan most) => Now += TimeSpan.FromMilliseconds(random.NextDouble() * most.TotalMilliseconds);

    /// <summary>Commits, and remembers what was acknowledged.</summary>
    public CommitResult Commit(Commit commit)
    {
        var result = Store.CommitAsync(commit).GetAwaiter().GetResult();
        if (result is not CommitResult.Committed) return result;
        foreach (var append in commit.Appends)
        {
            if (!_acknowledged.TryGetValue(append.Stream, out var known)) _acknowledged.Add(append.Stream, known = []);
            known.AddRange(append.Events.Select(e => e.Bytes));
        }

        return result;
    }

    /// <summary>A stream without events.</summary>
    public static StreamMachine Empty(StreamName stream) => new(Lanes[stream], stream);

    /// <summary>A stream as it is stored.</summary>
    public StreamMachine Open(StreamName stream)
    {
        if (!_folded.TryGetValue(stream, out var machine)) _folded.Add(stream, machine = Empty(stream));
        foreach (var stored in Store.ReadAsync(stream, machine.Head.Version).Now()) machine.Apply(stored.Bytes);
        return machine.Clone();
    }

    /// <summary>Puts a command to a stream, as somebody outside.</summary>
    public Decision Submit(StreamName stream, Command command)
    {
        var pending = Open(stream).Prepare(Now);
        var decision = pending.Decide(command);
        if (!pending.IsEmpty) Commit(pending.ToCommit(fence: null));
        return decision;
    }

    /// <summary>Brings a shared stream as far as it goes by itself: its own engine does not crash, whoever waits for it does.</summary>
    public object Drive(StreamName stream)
    {
        var engine = SimulatedEngine.Start(this, Lanes[stream], stream, ++_drivers, random);
        for (var steps = 0; engine.Step(); steps++)
        {
            if (steps > MostSteps) throw new InvariantException($"{stream} comes to no end");
        }

        return engine.State;
    }

    /// <summary>The effect begins for real.</summary>
    public void Execute(Effect effect) => Executions[effect.Id] = Executions.GetValueOrDefault(effect.Id) + 1;
}
