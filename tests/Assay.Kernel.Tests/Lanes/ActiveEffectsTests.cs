using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Tests.Lanes;

public sealed class ActiveEffectsTests
{
    [Fact]
    public void An_effect_is_under_way_from_its_start_to_its_end_and_its_attempts_are_counted_for_ever()
    {
        var active = After(Started("b", 1), Started("a", 1));
        Assert.Equal(["a", "b"], active.Ids);
        Assert.Equal((2, true, 2), (active.Count, active.Contains("a"), active.NextAttempt("a")));

        active = After(Started("b", 1), Started("a", 1), new EffectInterrupted("a", 1, "gone", []));
        Assert.Equal(["b"], active.Ids);
        Assert.Equal((false, 2), (active.Contains("a"), active.NextAttempt("a")));

        active = After(Started("a", 1), new EffectInterrupted("a", 1, "gone", []), Started("a", 2));
        Assert.Equal((2, 3), (active.InFlight["a"].Attempt, active.NextAttempt("a")));
    }

    [Fact]
    public void What_a_lane_records_changes_nothing_of_it()
    {
        var active = After(Started("a", 1));
        Assert.Same(active, active.Evolve(new Other()));
        Assert.Equal((0, 1), (ActiveEffects.None.Count, ActiveEffects.None.NextAttempt("a")));
    }

    private static ActiveEffects After(params Event[] events) =>
        events.Aggregate(ActiveEffects.None, (active, body) => active.Evolve(body));

    private static EffectStarted Started(string effectId, int attempt) => new(effectId, attempt, "session", "host", "boot");

    private sealed record Other : Event;
}
