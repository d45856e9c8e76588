using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay.Tests;

/// <summary>What one stream answers another is a record of the answering lane, and is read again as it was.</summary>
public sealed class AnswerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly StreamAnswer[] Kernel = [AcceptedAnswer.Instance, new RefusedAnswer("rule", "message"), new NoAnswer("reason")];

    private static readonly StreamAnswer[] OfTasks =
    [
        new PermitAnswer(PermitStatus.Open, "its circuit breaker is open", Now, Now),
        new PermitAnswer(PermitStatus.Allowed, null, null, null),
        new ReportAnswer(true),
        new PatchAnswer(PatchState.ApplyFailed, "moved on"),
        new PatchAnswer(null, null),
    ];

    private static readonly StreamAnswer[] OfJobs =
    [
        new DossierAnswer(DossierEnd.StoppedBudget, "max_cost_usd", "used up", true, new Usd(5), 6), new TrialAnswer(7), new SubmitAnswer(JobPhase.Active),
    ];

    private static readonly StreamAnswer[] OfEpochs =
        [new EpochAnswer(EpochVerdict.Pass, null, true), new EpochAnswer(EpochVerdict.FailClosed, EndReason.Cancelled, false)];

    [Fact]
    public void Every_answer_is_recorded_by_its_word_and_read_again()
    {
        foreach (var answer in Kernel.Concat(OfTasks)) Again(TaskLane.Instance, answer);
        foreach (var answer in Kernel.Concat(OfJobs)) Again(JobLane.Instance, answer);
        foreach (var answer in Kernel.Concat(OfEpochs)) Again(LadderLane.Instance, answer);
        var own = typeof(JobLane).Assembly.GetTypes().Concat(typeof(StreamAnswer).Assembly.GetTypes()).Where(t => t.IsSubclassOf(typeof(StreamAnswer)));
        Assert.Equal(own.ToHashSet(), Kernel.Concat(OfTasks).Concat(OfJobs).Concat(OfEpochs).Select(a => a.GetType()).ToHashSet());
    }

    [Theory]
    [InlineData("execution", "permit/t/a", "\"reason\":\"its circuit breaker is open\",\"since\":\"2026-01-01T00:00:00+00:00\",\"status\":\"OPEN\",\"until\":\"2026-01-01T00:00:00+00:00\"")]
    [InlineData("execution", "report/t/1", "\"status\":\"OPENED\"")]
    [InlineData("execution", "patch/t/00000001", "\"reason\":\"why\",\"status\":\"apply_failed\"")]
    [InlineData("execution", "commit/t", "\"status\":\"NONE\"")]
    [InlineData("execution", "publish/1", "\"status\":\"PUBLISHED\"")]
    [InlineData("execution", "commit/t", "\"reason\":\"patch_state: has not been applied: yet\",\"status\":\"REFUSED\"")]
    [InlineData("execution", "commit/t", "\"reason\":\"it could not be done: no disk: at all\",\"status\":\"REFUSED\"")]
    [InlineData("job", "stage/run", "\"reason\":\"max_cost_usd: used: up\",\"status\":\"STOPPED_BUDGET\"")]
    [InlineData("job", "register", "\"reason\":\"12\",\"status\":\"LOGGED\"")]
    [InlineData("job", "spawn/0123456789ab", "\"status\":\"Waiting\"")]
    public void Answers_of_the_first_version_are_read_as_what_they_said(string lane, string effect, string outcome)
    {
        StreamAnswer expected = (effect.Split('/')[0], outcome) switch
        {
            (_, var o) when o.Contains("could not", StringComparison.Ordinal) => new NoAnswer("no disk: at all"),
            (_, var o) when o.Contains("REFUSED", StringComparison.Ordinal) => new RefusedAnswer("patch_state", "has not been applied: yet"),
            ("permit", _) => new PermitAnswer(PermitStatus.Open, "its circuit breaker is open", Now, Now),
            ("report", _) => new ReportAnswer(true),
            ("patch", _) => new PatchAnswer(PatchState.ApplyFailed, "why"),
            ("commit", _) => new PatchAnswer(null, null),
            ("publish", _) => AcceptedAnswer.Instance,
            ("stage", _) => new DossierAnswer(DossierEnd.StoppedBudget, "max_cost_usd", "used: up", true, new Usd(5), 6),
            ("register", _) => new TrialAnswer(12),
            _ => new SubmitAnswer(JobPhase.Waiting),
        };
        var zero = new string('0', 64);
        var bytes = Encoding.UTF8.GetBytes(
            "{\"at\":\"2026-01-01T00:00:00.000000Z\",\"data\":{\"attempt\":1,\"effect_id\":\"" + effect
            + "\",\"outcome\":{\"cost_micro_usd\":5,\"counts\":true,\"duration_ms\":6,\"kind\":\"stream\"," + outcome
            + ",\"stream\":\"other/x\"}},\"format\":2,\"prev\":\"" + zero + "\",\"stream\":\"" + lane + "/x\",\"type\":\"EFFECT_FINISHED\",\"version\":1}");
        ILane of = lane == "job" ? JobLane.Instance : TaskLane.Instance;
        var finished = (EffectFinished)EventEnvelope.Open(bytes, of.Events).Body;
        Assert.Equal(new AnswerOutcome(StreamName.Of("other", "x"), expected), finished.Outcome);
    }

    [Theory]
    [InlineData("\"reason\":\"cancelled\",\"verdict\":\"FAIL_CLOSED\"")]
    [InlineData("\"verdict\":\"PASS\"")]
    [InlineData("\"reason\":\"plan.json:1:1: must be an object [type]\"")]
    public void How_an_epoch_of_a_ladder_ended_is_read_from_the_first_version(string outcome)
    {
        StreamAnswer expected = outcome.Contains("PASS", StringComparison.Ordinal) ? new EpochAnswer(EpochVerdict.Pass, null, true)
            : outcome.Contains("FAIL_CLOSED", StringComparison.Ordinal) ? new EpochAnswer(EpochVerdict.FailClosed, EndReason.Cancelled, true)
            : new NoAnswer("plan.json:1:1: must be an object [type]");
        var body = Open("ladder", "EFFECT_FINISHED",
            "{\"attempt\":1,\"effect_id\":\"rung/1.1\",\"outcome\":{\"child_id\":\"L.R1.A1\",\"counts\":true,\"kind\":\"child\"," + outcome + "}}");
        Assert.Equal(new AnswerOutcome(EpochLane.StreamOf("L.R1.A1"), expected), ((EffectFinished)body).Outcome);
    }

    [Theory]
    [InlineData("cancelled", true)]
    [InlineData("rung 1 did not reach PASS in 1 attempts", false)]
    public void Whether_a_ladder_was_cancelled_is_read_from_the_first_version(string reason, bool cancelled)
    {
        var body = Open("ladder", "LADDER_FINISHED", "{\"reached\":false,\"reason\":\"" + reason + "\"}");
        Assert.Equal(new LadderFinished(false, reason) { Cancelled = cancelled }, body);
    }

    private static Event Open(string lane, string type, string data)
    {
        var bytes = Encoding.UTF8.GetBytes(
            "{\"at\":\"2026-01-01T00:00:00.000000Z\",\"data\":" + data + ",\"format\":2,\"prev\":\"" + new string('0', 64)
            + "\",\"stream\":\"" + lane + "/x\",\"type\":\"" + type + "\",\"version\":1}");
        return EventEnvelope.Open(bytes, LadderLane.Instance.Events).Body;
    }

    private static void Again(ILane lane, StreamAnswer answer)
    {
        var stream = StreamName.Of(lane.Name, "x");
        var finished = new EffectFinished("effect", 1, new AnswerOutcome(stream, answer));
        var stored = EventEnvelope.Seal(stream, StreamHead.Empty(stream), [finished], Now, lane.Events)[0];
        var recorded = (EffectFinished)EventEnvelope.Open(stored.Bytes, lane.Events).Body;
        Assert.Equal(answer, ((AnswerOutcome)recorded.Outcome).Answer);
        var words = JsonNode.Parse(stored.Bytes)!["data"]!["outcome"]!["answer"]!.AsObject();
        Assert.DoesNotContain("not_done", words.Select(w => w.Key));
        Assert.DoesNotContain("document", words.Select(w => w.Key));
    }
}
