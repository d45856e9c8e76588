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
        var resume = new ResumeEpoch(declare.Epoch, declare.Crucibles);
        Command[] commands = [declare, resume, new TakeUpEpoch(), new Cancel("test"), WakeUp.Instance];
        var own = typeof(EpochLane).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Command)) && t.Name.EndsWith("Epoch", StringComparison.Ordinal));
        Assert.Equal(own.ToHashSet(), commands.Take(3).Select(c => c.GetType()).ToHashSet());
        var running = Given.Running(declare.Epoch, [.. declare.Crucibles]);
        LaneFold[] folds =
        [
            LaneFold.Of(Lane), running, running.After(new EpochCancelRequested("x")),
            running.After(new EpochFinished(EpochVerdict.Pass, null)),
        ];
        Assert.Equal(Enum.GetValues<EpochPhase>(), folds.Select(f => f.As<EpochState>().Phase));
        foreach (var fold in folds)
        {
            foreach (var command in commands) Assert.NotNull(fold.Decide(command));
            Assert.NotNull(fold.Next());
        }
    }

    [Fact]
    public void A_run_is_asked_for_with_its_identity_filled_in()
    {
        var fold = Given.Running(Given.Epoch(1) with { Args = ["--more"], Inherit = ["EXTRA"] }, Given.Crucible(0));
        var run = Assert.IsType<RunProcess>(Assert.Single(fold.Asked()));
        var runId = Given.Crucible(0).RunId;
        Assert.Equal(["/plan/try.sh", "7", runId, "--more"], run.Command);
        Assert.Equal(["PATH", "HOME", "LANG", "TZ", "EXTRA"], run.Inherit);
        Assert.Equal($"c019_runs/TARGET/{runId}", run.RunRoot);
        Assert.Equal(Given.Now.AddMinutes(1), run.NotAfter);
    }

    [Fact]
    public void A_stop_condition_lets_what_runs_end_and_starts_nothing_new()
    {
        var fold = Given.Running(Given.Epoch(3) with { MaxFailures = 0 }, Given.Crucible(0), Given.Crucible(1), Given.Crucible(2));
        fold = fold.Began("crucible/C0").Began("crucible/C1");
        fold = fold.Ended("crucible/C0", Given.Outcome(1)).After(Given.Finished(0, passed: false));
        Assert.Null(Assert.IsType<Work.Wait>(fold.Next()).Until);
        fold = fold.Ended("crucible/C1", Given.Outcome());
        var events = Judge(fold, "crucible/C1", Given.Outcome());
        Assert.Equal(new EpochFinished(EpochVerdict.Fail, EndReason.MaxFailures), events[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_lost_attempt_is_repeated_only_when_that_does_no_harm(bool retrySafe)
    {
        var fold = Given.Running(Given.Epoch(2), Given.Crucible(0, retrySafe: retrySafe), Given.Crucible(1));
        fold = fold.Began("crucible/C0").After(new EffectInterrupted("crucible/C0", 1, "gone", []));
        var events = fold.Judge(new EffectLost(Lane.EffectOf(fold.As<EpochState>(), "crucible/C0"), 1, "gone", []));
        var next = Given.Ids(fold.After(events).Asked());
        Assert.Equal(retrySafe ? ["crucible/C0", "crucible/C1"] : ["crucible/C1"], next);
        if (!retrySafe) Assert.Equal("interrupted:gone", Assert.IsType<CrucibleFinished>(Assert.Single(events)).Notes[0]);
    }

    [Fact]
    public void A_replay_that_differs_fails_closed()
    {
        var expect = new CrucibleExpectations { ReplayVerification = ReplayVerification.RequiredPass };
        var fold = Given.Running(Given.Epoch(1), Given.Crucible(0, expect));
        fold = fold.Began("crucible/C0").Ended("crucible/C0", Given.Outcome(stdout: "a"));
        var first = Judge(fold, "crucible/C0", Given.Outcome(stdout: "a"));
        Assert.IsType<ReplayRequired>(Assert.Single(first));
        fold = fold.After(first).Began("replay/C0").Ended("replay/C0", Given.Outcome(stdout: "b"));
        var second = Judge(fold, "replay/C0", Given.Outcome(stdout: "b"));
        Assert.Equal(("replay_mismatch", CrucibleOutcome.FailClosed), (((CrucibleFinished)second[0]).Notes[0], ((CrucibleFinished)second[0]).Outcome));
    }

    [Fact]
    public void A_resume_keeps_what_is_complete_and_reopens_what_was_cut_short()
    {
        var fold = Given.Running(Given.Epoch(3), Given.Crucible(0), Given.Crucible(1, retrySafe: true), Given.Crucible(2));
        fold = fold.Began("crucible/C0").Ended("crucible/C0", Given.Outcome()).After(
            Given.Finished(0, passed: true), Started("crucible/C1"),
            new EpochCancelRequested("x"), new EffectFinished("crucible/C1", 1, Given.Outcome(null, KillReason.Cancelled, 15)), Given.Finished(1, passed: false),
            new EpochFinished(EpochVerdict.FailClosed, EndReason.Cancelled), new EpochResumed());
        var state = fold.As<EpochState>();
        Assert.Equal((EpochPhase.Running, 1, 1, 0), (state.Phase, state.Done, state.Passed, state.Failed));
        Assert.True(state.Crucibles[0].Kept);
        Assert.Equal(["crucible/C1", "crucible/C2"], Given.Ids(fold.Asked()));
    }

    [Fact]
    public void A_resume_with_nothing_left_to_run_gives_the_verdict()
    {
        var fold = Given.Running(Given.Epoch(1), Given.Crucible(0));
        fold = fold.Began("crucible/C0").After(new EpochCancelRequested("x"));
        fold = fold.Ended("crucible/C0", Given.Outcome(null, KillReason.Timeout, 9)).After(
            Given.Finished(0, passed: false), new EpochFinished(EpochVerdict.FailClosed, EndReason.Cancelled), new EpochResumed());
        Assert.Equal(Given.Now, Assert.IsType<Work.Wait>(fold.Next()).Until);
        var accepted = Assert.IsType<Decision.Accepted>(fold.Decide(WakeUp.Instance));
        Assert.Equal(new EpochFinished(EpochVerdict.Fail, null), Assert.Single(accepted.Events));
    }

    [Fact]
    public void The_wall_clock_goes_on_where_it_stood_when_an_epoch_is_resumed()
    {
        var state = Given.Running(Given.Epoch(1), Given.Crucible(0)).As<EpochState>();
        state = state.Evolve(new RecordedEvent(0, Given.Now.AddSeconds(20), Started("crucible/C0")));
        state = state.Evolve(new RecordedEvent(0, Given.Now.AddHours(5), new EpochResumed()));
        Assert.Equal(Given.Now.AddHours(5).AddSeconds(40), state.Deadline);
    }

    [Fact]
    public void The_wall_clock_counts_no_time_in_which_no_engine_was_at_work()
    {
        var state = Given.Running(Given.Epoch(1), Given.Crucible(0)).As<EpochState>();
        state = state.Evolve(new RecordedEvent(0, Given.Now.AddSeconds(20), Started("crucible/C0")));
        var taken = EpochLane.Instance.Decide(state, ActiveEffects.None, new TakeUpEpoch(), Given.Now.AddHours(5));
        Assert.Equal(new EpochTakenUp(), Assert.Single(Assert.IsType<Decision.Accepted>(taken).Events));
        state = state.Evolve(new RecordedEvent(0, Given.Now.AddHours(5), new EpochTakenUp()));
        Assert.Equal(Given.Now.AddHours(5).AddSeconds(40), state.Deadline);
        var again = EpochLane.Instance.Decide(state, ActiveEffects.None, new TakeUpEpoch(), Given.Now.AddHours(5));
        Assert.Empty(Assert.IsType<Decision.Accepted>(again).Events);
    }

    [Fact]
    public void An_epoch_whose_clock_has_run_out_ends_when_it_is_woken()
    {
        var fold = Given.Running(Given.Epoch(1), Given.Crucible(0));
        var late = Given.Now.AddMinutes(2);
        Assert.Equal(late, Assert.IsType<Work.Wait>(fold.Next(late)).Until);
        var accepted = Assert.IsType<Decision.Accepted>(fold.Decide(WakeUp.Instance, late));
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

    private static IReadOnlyList<Event> Judge(LaneFold fold, string effectId, ProcessOutcome outcome) =>
        fold.Judge(Lane.EffectOf(fold.As<EpochState>(), effectId), outcome, Given.Evidence(("stdout", "")));
}
