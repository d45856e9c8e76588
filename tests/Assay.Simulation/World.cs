using Assay.Kernel.Effects;
using Assay.Ledger;

namespace Assay.Simulation;

/// <summary>What outlives every engine: the store, the clock, the markers on disk, and what really ran.</summary>
/// <param name="random">Decides what happens.</param>
/// <param name="outcome">How an effect ends; the flag says that its end was asked for.</param>
internal sealed class World(Random random, Func<Effect, DateTimeOffset, bool, (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>)> outcome)
{
    private const int EngineFailsOnceIn = 16;

    public MemoryEventStore Store { get; } = new();

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The one host on which everything happens.</summary>
    public HostTime HostTime => new("host", "boot", Now, Now.ToUnixTimeMilliseconds());

    /// <summary>Markers by effect and attempt, as they would lie on disk.</summary>
    public HashSet<string> Markers { get; } = new(StringComparer.Ordinal);

    /// <summary>How often the outside world saw each effect begin.</summary>
    public Dictionary<string, int> Executions { get; } = new(StringComparer.Ordinal);

    /// <summary>Exact bytes of every event whose commit was acknowledged to somebody.</summary>
    public List<byte[]> Acknowledged { get; } = [];

    /// <summary>How an effect that is ending now turns out; now and then the engine itself cannot perform it.</summary>
    public (EffectOutcome Outcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Evidence) Outcome(Effect effect, bool wasEnded) =>
        random.Next(EngineFailsOnceIn) == 0 ? (effect.Failed("simulated", Now), FakeOutcomes.NoEvidence) : outcome(effect, Now, wasEnded);

    public void Pass(TimeSpan most) => Now += TimeSpan.FromMilliseconds(random.NextDouble() * most.TotalMilliseconds);

    /// <summary>Commits, and remembers what was acknowledged.</summary>
    public CommitResult Commit(Commit commit)
    {
        var result = Store.CommitAsync(commit).GetAwaiter().GetResult();
        if (result is CommitResult.Committed) Acknowledged.AddRange(commit.Appends.SelectMany(a => a.Events).Select(e => e.Bytes));
        return result;
    }

    /// <summary>The effect begins for real.</summary>
    public void Execute(Effect effect) => Executions[effect.Id] = Executions.GetValueOrDefault(effect.Id) + 1;
}
