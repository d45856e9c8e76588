using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;

namespace Assay.Tests.Jobs;

public sealed class GateRuleTests
{
    private static readonly ImmutableArray<SegmentRef> Segments = [new("walk", Holdout: false), new("held", Holdout: true)];

    private static GateResult Gate(GateStatus status = GateStatus.Pass, decimal? threshold = 1, decimal? value = 2, string? segment = null, string metric = "sharpe", string? reason = null, string id = "g") =>
        new(id, status, metric, ">=", threshold, value, segment, reason);

    public static TheoryData<string, GateResult[], bool> Verdicts => new()
    {
        { "no gate", [], false },
        { "one", [Gate()], true },
        { "without a threshold", [Gate(), Gate(threshold: null, value: null, id: "h")], false },
        { "one failed", [Gate(GateStatus.Fail), Gate(value: null, id: "h")], false },
        { "all passed", [Gate(), Gate(value: null, id: "h")], true },
    };

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void The_verdict_follows_from_the_evidence_and_from_nothing_else(string name, GateResult[] gates, bool passes)
    {
        Assert.NotEmpty(name);
        var results = new GateResults("gate_results_v1", [.. gates]);
        Assert.Equal(passes, GateRule.Passed(results, []));
        Assert.Equal(passes || gates.Length == 0, GateRule.Passed(results, [new HoldoutVerdict("h", "held", Passed: true)]));
        Assert.False(GateRule.Passed(results, [new HoldoutVerdict("h", "held", Passed: false)]));
    }

    public static TheoryData<GateResult[], string?> Uses => new()
    {
        { [Gate()], null },
        { [Gate(segment: "held", value: null)], "holdout_leak" },
        { [Gate(id: "of_holdouts")], "gate_id" },
        { [Gate(segment: "elsewhere")], "segment" },
        { [Gate(), Gate()], "gate_id" },
        { [Gate(value: 0)], "gate_contradiction" },
    };

    public static TheoryData<GateResult[], string?> OldUses => new()
    {
        { [Gate(segment: "held", value: null)], null },
        { [Gate(segment: "held", metric: "months")], null },
        { [Gate(segment: "held")], "holdout_leak" },
        { [Gate(segment: "held", value: null, reason: "0.13 is enough")], "holdout_leak" },
        { [Gate(reason: "0.13 is enough")], "holdout_leak" },
    };

    [Theory]
    [MemberData(nameof(OldUses))]
    public void Gates_of_a_job_of_an_earlier_build_judge_hold_outs_and_give_no_reason_for_anything(GateResult[] gates, string? rule) =>
        Assert.Equal(rule, GateRule.Problem(new GateResults("gate_results_v1", [.. gates]), Segments, Job(default))?.Kind.Code);

    private static JobDeclaration Job(ImmutableArray<HoldoutGate> gates) => JobStory.Job(JobKind.Blueprint) with { HoldoutGates = gates };

    [Theory]
    [MemberData(nameof(Uses))]
    public void Results_that_say_too_much_or_contradict_themselves_are_not_used(GateResult[] gates, string? rule) =>
        Assert.Equal(rule, GateRule.Problem(new GateResults("gate_results_v1", [.. gates]), Segments, Job([new HoldoutGate("of_holdouts", "sharpe", ">", 1)]))?.Kind.Code);
}

public sealed class PolicyRuleTests
{
    private static readonly JsonElement Bundle = JsonDocument.Parse(
        """{"policies":{"mine":{"schema_version":"budget_policy_v1","params":{"max_cost_usd":0.5,"max_spawn_per_job":0}},"own":{"schema_version":"gate_policy_v1","params":{"min_sharpe":1}}}}""").RootElement;

    [Theory]
    [InlineData("""{"extensions":{"lineage":{"generation":1},"note":"x"}}""", null)]
    [InlineData("""{"extensions":{"max_cost_usd":9}}""", "/extensions/max_cost_usd")]
    [InlineData("""{"extensions":{"a":[{"min_sharpe":0}]}}""", "/extensions/a/0/min_sharpe")]
    [InlineData("""{"extensions":{"Mine":{}}}""", "/extensions/Mine")]
    [InlineData("""{"extensions":{"policy_bundle_id":"other"}}""", "/extensions/policy_bundle_id")]
    [InlineData("""{"extensions":{"risk_policy":1}}""", "/extensions/risk_policy")]
    public void Extensions_are_metadata_and_cannot_set_what_a_policy_sets(string document, string? pointer) =>
        Assert.Equal(pointer, PolicyRule.Override(JsonDocument.Parse(document).RootElement, PolicyRule.Names(Bundle)));

    [Fact]
    public void Zero_and_absent_are_no_limit_and_money_is_whole_micro_dollars() =>
        Assert.Equal(new JobBudget { MaxCost = new Usd(500_000) }, PolicyRule.Budget(Bundle));
}
