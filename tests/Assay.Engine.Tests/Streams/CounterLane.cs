using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Tests.Streams;

/// <summary>Shared by many streams, each of which it gives a number of its own.</summary>
internal sealed class CounterLane : Lane<CounterState>
{
    public static readonly StreamName Stream = StreamName.Of("counter", "C");

    public override string Name => "counter";

    public override EventCatalog Events { get; } = EffectEvents.Catalog().Add("COUNTED", static () => BatchJson.Default.Counted);

    public override CounterState Initial => new(0);

    public override JsonTypeInfo<CounterState> StateType => BatchJson.Default.CounterState;

    /// <summary>Is told of each number that is folded.</summary>
    public Action<int>? Folding { get; init; }

    public override CounterState Evolve(CounterState state, RecordedEvent recorded)
    {
        var number = ((Counted)recorded.Body).Number;
        Folding?.Invoke(number);
        return new CounterState(number);
    }

    public override Decision Decide(CounterState state, ActiveEffects active, Command command, DateTimeOffset now) => command switch
    {
        Count { Size: < 0 } => Decision.Refuse(KernelRefusals.Ended, "a counter goes up"),
        Count count => Decision.Accept([.. Enumerable.Range(state.Number + 1, count.Size).Select(n => new Counted(n))]),
        _ => Decision.Accept(),
    };

    public override StreamAnswer Answer(CounterState state, Command command) => command is Count { IsHostile: true }
        ? throw new InvalidCastException("hostile")
        : new CountAnswer(state.Number);

    public override Work Next(CounterState state, ActiveEffects active, DateTimeOffset now) => new Work.Wait("a command");

    public override Effect EffectOf(CounterState state, string effectId) => throw new InvalidOperationException();

    public override IReadOnlyList<Event> Record(CounterState state, ActiveEffects active, EffectReport report, DateTimeOffset now) => [];
}

internal sealed record CounterState(int Number);

internal sealed record Count(int Size = 1, bool IsHostile = false) : Command;

internal sealed record Counted(int Number) : Event;

internal sealed record CountAnswer(int Number) : StreamAnswer;
