using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Epochs;

namespace Assay.Tests.Epochs;

public sealed class EpochLaneTests
{
    private static readonly EpochLane Lane = EpochLane.Instance;

    [Fact]
    public void Every_event_of_the_lane_has_a_name_and_every_named_event_a_place_in_the_fold()
    {
        foreach (var (lane, root) in new (ILane, Type)[] { (Lane, typeof(EpochEvent)), (LadderLane.Instance, typeof(LadderEvent)) })
        {
            var declared = root.Assembly.GetTypes().Where(t => t.IsSubclassOf(root)).ToHashSet();
            Assert.Equal(declared, lane.Events.Types.Where(t => !t.IsSubclassOf(typeof(EffectEvent))).ToHashSet());
        }
    }

    [Fact]
    public void Every_command_is_answered_in_every_state()
    {
        var declare = new DeclareEpoch(Given.Epoch(1), [Given.Crucible(0)]);
        Command[] commands = [declare, new ResumeEpoch(declare.Epoch, declare.Crucibles), new Cancel("test"), WakeUp.Instance];
        var own = typeof(EpochLane).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Command)) && t.Name.EndsWith("Epoch", StringComparison.Ordinal));
        Assert.Equal(own.ToHashSet(), commands.Take(2).Select(c => c.GetType()).ToHashSet());
        var running = Given.Running(declare.Epoch, [.. declare.Crucibles]);
        EpochState[] states =
        [
            EpochState.Initial, running, Given.Fold(running, new EpochCancelRequested("x")), Given.Fold(running, new EpochFinished(EpochVerdict.Pass, null)),
        ];
        Assert.Equal(Enum.GetValues<EpochPhase>(), states.Select(s => s.Phase));
        foreach (var state in states)
        {
            foreach (var command in commands) Assert.NotNull(Lane.Decide(state, command, Given.Now));
            Assert.NotNull(Lane.Next(state, Given.Now));
        }
    }

    [Fact]
    public void A_run_is_asked_for_with_its_identity_filled_in()
    {
        var state = Given.Running(Given.Epoch(1) with { Args = ["--more"], Inherit = ["EXTRA"] }, Given.Crucible(0));
        var run = Assert.IsType<RunProcess>(Assert.Single(Assert.IsType<Work.Perform>(Lane.Next(state, Given.Now)).Effects));
        var runId = Given.Crucible(0).RunId;
        Assert.Equal(["/plan/try.sh", "7", runId, "--more"], run.Command);
        Assert.Equal(["PATH", "HOME", "LANG", "TZ", "EXTRA"], run.Inherit);
        Assert.Equal($"c019_runs/TARGET/{runId}", run.RunRoot);
        Assert.Equal(Given.Now.AddMinutes(1), run.NotAfter);
    }

    [Fact]
    public void A_stop_condition_lets_what_runs_end_and_starts_nothing_new()
    {
        var state = Given.Running(Given.Epoch(3) with { MaxFailures = 0 }, Given.Crucible(0), Given.Crucible(1), Given.Crucible(2));
        state = Given.Fold(state, Started("crucible/C0"), Started("crucible/C1"), new EffectFinished("crucible/C0", 1, Given.Outcome(1)), Given.Finished(0, passed: false));
        Assert.IsType<Work.Wait>(Lane.Next(state, Given.Now));
        state = Given.Fold(state, new EffectFinished("crucible/C1", 1, Given.Outcome()));
        var events = Lane.Record(state, Completed(state, "crucible/C1", Given.Outcome()), Given.Now);
        Assert.Equal(new EpochFinished(EpochVerdict.Fail, EndReason.MaxFailures), events[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_lost_attempt_is_repeated_only_when_that_does_no_harm(bool retrySafe)
    {
        var state = Given.Running(Given.Epoch(2), Given.Crucible(0, retrySafe: retrySafe), Given.Crucible(1));
        state = Given.Fold(state, Started("crucible/C0"), new EffectInterrupted("crucible/C0", 1, "gone", []));
        var events = Lane.Record(state, new EffectLost(Lane.EffectOf(state, "crucible/C0"), 1, "gone", []), Given.Now);
        state = Given.Fold(state, events);
        var next = Given.Ids(Assert.IsType<Work.Perform>(Lane.Next(state, Given.Now)).Effects);
        Assert.Equal(retrySafe ? ["crucible/C0", "crucible/C1"] : ["crucible/C1"], next);
        if (!retrySafe) Assert.Equal("interrupted:gone", Assert.IsType<CrucibleFinished>(Assert.Single(events)).Notes[0]);
    }

    [Fact]
    public void A_replay_that_differs_fails_closed()
    {
        var expect = new CrucibleExpectations { ReplayVerification = ReplayVerification.RequiredPass };
        var state = Given.Running(Given.Epoch(1), Given.Crucible(0, expect));
        state = Given.Fold(state, Started("crucible/C0"), new EffectFinished("crucible/C0", 1, Given.Outcome(stdout: "a")));
        var first = Lane.Record(state, Completed(state, "crucible/C0", Given.Outcome(stdout: "a")), Given.Now);
        Assert.IsType<ReplayRequired>(Assert.Single(first));
        state = Given.Fold(state, [.. first, Started("replay/C0"), new EffectFinished("replay/C0", 1, Given.Outcome(stdout: "b"))]);
        var second = Lane.Record(state, Completed(state, "replay/C0", Given.Outcome(stdout: "b")), Given.Now);
        Assert.Equal(("replay_mismatch", CrucibleOutcome.FailClosed), (((CrucibleFinished)second[0]).Notes[0], ((CrucibleFinished)second[0]).Outcome));
    }

    [Fact]
    public void A_resume_keeps_what_is_complete_and_reopens_what_was_cut_short()
    {
        var state = Given.Running(Given.Epoch(3), Given.Crucible(0), Given.Crucible(1, retrySafe: true), Given.Crucible(2));
        state = Given.Fold(
            state, Started("crucible/C0"), new EffectFinished("crucible/C0", 1, Given.Outcome()), Given.Finished(0, passed: true), Started("crucible/C1"),
            new EpochCancelRequested("x"), new EffectFinished("crucible/C1", 1, Given.Outcome(null, KillReason.Cancelled, 15)), Given.Finished(1, passed: false),
            new EpochFinished(EpochVerdict.FailClosed, EndReason.Cancelled), new EpochResumed());
        Assert.Equal((EpochPhase.Running, 1, 1, 0), (state.Phase, state.Done, state.Passed, state.Failed));
        Assert.True(state.Crucibles[0].Kept);
        Assert.Equal(["crucible/C1", "crucible/C2"], Given.Ids(Assert.IsType<Work.Perform>(Lane.Next(state, Given.Now)).Effects));
    }

    [Fact]
    public void A_resume_with_nothing_left_to_run_gives_the_verdict()
    {
        var state = Given.Running(Given.Epoch(1), Given.Crucible(0));
        state = Given.Fold(
            state, Started("crucible/C0"), new EpochCancelRequested("x"), new EffectFinished("crucible/C0", 1, Given.Outcome(null, KillReason.Timeout, 9)),
            Given.Finished(0, passed: false), new EpochFinished(EpochVerdict.FailClosed, EndReason.Cancelled), new EpochResumed());
        Assert.Equal(Given.Now, Assert.IsType<Work.Wait>(Lane.Next(state, Given.Now)).Until);
        var accepted = Assert.IsType<Decision.Accepted>(Lane.Decide(state, WakeUp.Instance, Given.Now));
        Assert.Equal(new EpochFinished(EpochVerdict.Fail, null), Assert.Single(accepted.Events));
    }

    [Fact]
    public void The_wall_clock_goes_on_where_it_stood_when_an_epoch_is_resumed()
    {
        var state = Given.Running(Given.Epoch(1), Given.Crucible(0));
        state = state.Evolve(new RecordedEvent(0, Given.Now.AddSeconds(20), Started("crucible/C0")));
        state = state.Evolve(new RecordedEvent(0, Given.Now.AddHours(5), new EpochResumed()));
        Assert.Equal(Given.Now.AddHours(5).AddSeconds(40), state.Deadline);
    }

    [Fact]
    public void An_epoch_whose_clock_has_run_out_ends_when_it_is_woken()
    {
        var state = Given.Running(Given.Epoch(1), Given.Crucible(0));
        var late = Given.Now.AddMinutes(2);
        Assert.Equal(late, Assert.IsType<Work.Wait>(Lane.Next(state, late)).Until);
        var accepted = Assert.IsType<Decision.Accepted>(Lane.Decide(state, WakeUp.Instance, late));
        Assert.Equal(new EpochFinished(EpochVerdict.Fail, EndReason.EpochTimeout), Assert.Single(accepted.Events));
    }

    [Fact]
    public void Long_coverage_is_recorded_in_parts_that_add_up()
    {
        var observed = new Observed { Domains = [.. Enumerable.Range(0, 500).Select(i => $"{new string('d', 150)}{i}")] };
        var parts = CoverageRule.Split("C0", observed).ToList();
        Assert.True(parts.Count > 1);
        Assert.Equal(observed.Domains, parts.Aggregate(new Observed(), (all, p) => all.Union(p.Observed)).Domains);
        foreach (var part in parts) EventEnvelope.Seal(EpochLane.StreamOf("E"), StreamHead.Empty(EpochLane.StreamOf("E")), [part], Given.Now, Lane.Events);
    }

    [Fact]
    public void What_is_recorded_reads_back_as_it_was()
    {
        var stream = EpochLane.StreamOf("E");
        Event[] events =
        [
            Given.Epoch(1), Given.Crucible(0, new CrucibleExpectations { RequiredFiles = ["x"] }), Started("crucible/C0"),
            new EffectFinished("crucible/C0", 1, Given.Outcome(files: new CollectedFile("x", 1, Digest.Of("x"), null))),
            new CrucibleCovered("C0", new Observed { Counts = ImmutableSortedDictionary<string, long>.Empty.Add("n", 3) }), Given.Finished(0, passed: true),
            new EpochFinished(EpochVerdict.Pass, null),
        ];
        var sealedEvents = EventEnvelope.Seal(stream, StreamHead.Empty(stream), events, Given.Now, Lane.Events);
        var again = EventEnvelope.Seal(stream, StreamHead.Empty(stream), [.. sealedEvents.Select(e => EventEnvelope.Open(e.Bytes, Lane.Events).Body)], Given.Now, Lane.Events);
        Assert.Equal(sealedEvents.Select(e => e.Head), again.Select(e => e.Head));
    }

    private static EffectStarted Started(string effectId) => new(effectId, 1, "s", "h", "b");

    private static EffectCompleted Completed(EpochState state, string effectId, ProcessOutcome outcome) =>
        new(Lane.EffectOf(state, effectId), 1, outcome, Given.Evidence(("stdout", "")));
}
