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
