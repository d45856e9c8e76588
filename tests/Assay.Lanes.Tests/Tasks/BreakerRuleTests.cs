using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

public sealed class BreakerRuleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly BreakerSettings Settings = new(FailureThreshold: 3, OpenMs: 1_000, HalfOpenSuccesses: 2);

    private BreakerState _state = BreakerState.Initial;
    private DateTimeOffset _now = Start;

    [Fact]
    public void Failures_in_a_row_open_it_and_one_that_worked_begins_anew()
    {
        Report("a", AdapterReport.Failed);
        Report("b", AdapterReport.Failed);
        Report("c", AdapterReport.Worked);
        Report("d", AdapterReport.Failed);
        Report("e", AdapterReport.Failed);
        Assert.Equal(Circuit.Closed, _state.Circuit);
        Report("f", AdapterReport.Failed);
        Assert.Equal((Circuit.Open, Start + TimeSpan.FromSeconds(1), "f"), (_state.Circuit, _state.OpenUntil!.Value, _state.OpenedBy));
        Assert.False(Ask("g"));
    }

    [Fact]
    public void When_its_time_is_over_one_call_is_the_probe()
    {
        Open();
        Pass(1_000);
        Assert.True(Ask("probe"));
        Assert.Equal(Circuit.HalfOpen, _state.Circuit);
        Assert.False(Ask("other"));
        Assert.True(Ask("probe"));
    }

    [Fact]
    public void A_probe_that_fails_opens_it_again_and_the_time_since_it_was_closed_goes_on()
    {
        Open();
        Pass(1_000);
        Ask("probe");
        Report("late", AdapterReport.Worked);
        Assert.Equal(Circuit.HalfOpen, _state.Circuit);
        Report("probe", AdapterReport.Failed);
        Assert.Equal((Circuit.Open, Start), (_state.Circuit, _state.Since!.Value));
        Assert.Equal(_now + TimeSpan.FromSeconds(1), _state.OpenUntil);
    }

    [Fact]
    public void So_many_probes_that_went_well_close_it()
    {
        Open();
        Pass(1_000);
        Ask("one");
        Report("one", AdapterReport.Worked);
        Assert.Equal(Circuit.HalfOpen, _state.Circuit);
        Assert.True(Ask("two"));
        Report("two", AdapterReport.Worked);
        Assert.Equal(BreakerState.Initial, _state);
    }

    [Fact]
    public void A_probe_that_nobody_reports_on_is_given_up()
    {
        Open();
        Pass(1_000);
        Ask("lost");
        Pass(59_000);
        Assert.False(Ask("other"));
        Pass(2_000);
        Assert.True(Ask("other"));
        Assert.False(Ask("lost"));
    }

    [Fact]
    public void A_call_whose_end_says_nothing_changes_nothing_but_frees_the_probe()
    {
        Report("a", AdapterReport.Unknown);
        Assert.Equal(BreakerState.Initial, _state);
        Open();
        Pass(1_000);
        Ask("probe");
        Report("probe", AdapterReport.Unknown);
        Assert.Equal(Circuit.HalfOpen, _state.Circuit);
        Assert.True(Ask("next"));
    }

    private void Open()
    {
        for (var i = 0; i < 3; i++) Report($"open{i}", AdapterReport.Failed);
    }

    private void Pass(int ms) => _now += TimeSpan.FromMilliseconds(ms);

    private bool Ask(string ticket)
    {
        Fold(BreakerRule.Ask(_state, ticket, _now + TimeSpan.FromMinutes(1), _now));
        return BreakerRule.MayCall(_state, ticket);
    }

    private void Report(string ticket, AdapterReport report) => Fold(BreakerRule.Report(_state, Settings, ticket, report, _now));

    private void Fold(IEnumerable<Event> events) => _state = events.Aggregate(_state, (s, e) => s.Evolve(new RecordedEvent(0, _now, e)));
}
