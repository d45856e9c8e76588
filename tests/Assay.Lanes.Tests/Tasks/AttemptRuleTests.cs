using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;

namespace Assay.Tests.Tasks;

public sealed class AttemptRuleTests
{
    [Fact]
    public void What_was_never_started_has_failed_whatever_codes_mean_success_and_may_be_tried_again()
    {
        var judged = Judge(Given.Outcome(1) with { StartError = "bwrap: no namespace" });
        Assert.Equal((AttemptResult.Failed, "crashed: it could not be started: bwrap: no namespace", true, AdapterReport.Failed), (judged.Result, judged.Reason, judged.CanRetry, judged.Health));
    }

    [Fact]
    public void What_the_engine_could_not_bring_to_its_end_may_have_acted_and_says_nothing_of_the_adapter()
    {
        foreach (var outcome in new[] { Given.Outcome(1) with { Problem = "the disk is gone" }, (ProcessOutcome)Process.Failed("the disk is gone", Given.Now) })
        {
            var judged = Judge(outcome);
            Assert.Equal((AttemptResult.Failed, "the engine could not bring it to its end: the disk is gone", false, AdapterReport.Unknown), (judged.Result, judged.Reason, judged.CanRetry, judged.Health));
        }
    }

    [Fact]
    public void An_outcome_without_an_end_has_failed() => Assert.Equal(AttemptResult.Failed, Judge(Given.Outcome(exitCode: null)).Result);

    [Fact]
    public void An_adapter_that_did_not_come_to_an_end_of_its_own_has_crashed()
    {
        Assert.True(Judge(Given.Outcome(exitCode: null) with { Signal = 11 }).Crashed);
        Assert.True(Judge(Given.Outcome(1) with { StartError = "gone" }).Crashed);
        Assert.False(Judge(Given.Outcome(1)).Crashed);
        Assert.False(Judge(Given.Outcome(2)).Crashed);
        Assert.False(Judge(Given.Outcome(exitCode: null) with { Signal = 9, KillReason = KillReason.MemoryLimit }).Crashed);
        Assert.True(Judge(new HttpOutcome(null, "connection refused", false) { StartedAt = Given.Now, DurationMs = 1 }).Crashed);
        Assert.False(Judge(new HttpOutcome(503, null, true) { StartedAt = Given.Now, DurationMs = 1 }).Crashed);
    }

    [Fact]
    public void A_crash_is_escalated_by_what_is_recorded_and_not_by_its_words()
    {
        var crashed = Judge(Given.Outcome(exitCode: null) with { Signal = 11 });
        var state = LaneFold.Of(TaskLane.Instance).After(((Decision.Accepted)LaneFold.Of(TaskLane.Instance).Decide(TaskLaneTests.Declare())).Events).As<ExecutionState>();
        Assert.Equal(EscalationRule.AdapterCrashed, Assert.Single(EscalationRule.After(state, [crashed with { Reason = "other words" }])).Trigger);
        Assert.Empty(EscalationRule.After(state, [crashed with { Crashed = false }]));
    }

    private static RunProcess Process => new("act/one")
    {
        Command = ["true"],
        Environment = ImmutableSortedDictionary<string, string>.Empty,
        Inherit = [],
        RunRoot = "root",
        StdoutFile = "out",
        StderrFile = "err",
        Caps = Caps,
        Sandbox = SandboxLevel.None,
    };

    private static ProcessCaps Caps => new() { TimeMs = 1, KillMs = 2, StdoutBytes = 1, StderrBytes = 1 };

    [Theory]
    [InlineData(AdapterKind.Agent, true)]
    [InlineData(AdapterKind.Process, false)]
    public void What_an_agent_had_cost_when_its_engine_died_is_not_known(AdapterKind kind, bool isUnknown) =>
        Assert.Equal(isUnknown, Judge(new EffectLost(Process, 1, "the engine died", []), kind).IsCostUnknown);

    [Fact]
    public void What_an_agent_had_spent_when_its_engine_died_counts()
    {
        var judged = Judge(new EffectLost(Process, 1, "the engine died", []) { CostAtMost = new Usd(801_000) }, AdapterKind.Agent);
        Assert.Equal((new Usd(801_000), true), (judged.Cost, judged.IsCostUnknown));
    }

    [Theory]
    [InlineData(SandboxLevel.Confined, null, true)]
    [InlineData(SandboxLevel.None, null, false)]
    [InlineData(SandboxLevel.Confined, "localhost:80", false)]
    [InlineData(SandboxLevel.Confined, "all", false)]
    public void What_could_not_reach_its_model_is_asked_again_where_it_can_have_done_nothing_outside(SandboxLevel level, string? network, bool canRetry)
    {
        var reach = network switch
        {
            null => null,
            "all" => NetworkReach.All,
            _ => new NetworkReach([AllowedHost.TryParse(network, out var host, out _) ? host : throw new InvalidOperationException(network)]),
        };
        var adapter = GivenAgent.Adapter with { Sandbox = level, Grants = Grants.None with { Network = reach } };
        var unreachable = GivenAgent.Asked with { Failed = 1, Stop = GatewayStop.Unreachable, Reason = "the model cannot be reached" };
        var outcome = Given.Outcome(exitCode: null, KillReason.ModelUnreachable) with { Gateway = unreachable };
        var judged = AttemptRule.Judge(new TaskState(Task), adapter, new EffectCompleted(Process, 1, outcome, Given.Evidence()));
        Assert.Equal((canRetry, "the model cannot be reached"), (judged.CanRetry, judged.Reason));
    }

    private static TaskAttempted Judge(EffectOutcome outcome) => Judge(new EffectCompleted(Process, 1, outcome, Given.Evidence()));

    private static TaskAttempted Judge(EffectReport report, AdapterKind kind = AdapterKind.Process)
    {
        var adapter = new AdapterSpec
        {
            AdapterId = "a",
            Kind = kind,
            Sandbox = SandboxLevel.None,
            Command = ["true"],
            Pinned = [],
            Inherit = [],
            Headers = ImmutableSortedDictionary<string, string>.Empty,
            Concurrency = 1,
            CircuitBreaker = new BreakerSettings(1, 1, 1),
            Retry = new RetrySettings(1, new BackOff(BackOffGrowth.Constant, 1, 1, Jitter: false)),
            SuccessCodes = [0, 1],
        };
        return AttemptRule.Judge(new TaskState(Task), adapter, report);
    }

    private static TaskSpec Task => TaskLaneTests.Declare().Tasks[0] with { Caps = Caps, AdapterIds = ["a"] };
}
