using System.Text;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
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
        new RunAnswer(RunEnd.StoppedBudget, "max_cost_usd", "used up", true, new Usd(5), 6), new TrialAnswer(7), new SubmitAnswer(JobPhase.Active),
    ];

    [Fact]
    public void Every_answer_is_recorded_by_its_word_and_read_again()
    {
        foreach (var answer in Kernel.Concat(OfTasks)) Again(TaskLane.Instance, answer);
        foreach (var answer in Kernel.Concat(OfJobs)) Again(JobLane.Instance, answer);
        var own = typeof(JobLane).Assembly.GetTypes().Concat(typeof(StreamAnswer).Assembly.GetTypes()).Where(t => t.IsSubclassOf(typeof(StreamAnswer)));
        Assert.Equal(own.ToHashSet(), Kernel.Concat(OfTasks).Concat(OfJobs).Select(a => a.GetType()).ToHashSet());
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
            ("stage", _) => new RunAnswer(RunEnd.StoppedBudget, "max_cost_usd", "used: up", true, new Usd(5), 6),
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
