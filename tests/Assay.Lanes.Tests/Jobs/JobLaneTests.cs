using System.Text;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;
using Assay.Tests.Epochs;

namespace Assay.Tests.Jobs;

public sealed class JobLaneTests
{
    private const string Blueprint = """{"schema_version":"blueprint_v1","title":"b","strategy":{}}""";
    private const string Spec = """{"schema_version":"strategy_spec_v1","title":"s","strategy":{}}""";
    private const string Preview = """{"schema_version":"trace_preview_v1","columns":["a"],"rows":[[1]]}""";
    private const string Report = """{"schema_version":"report_v1","title":"r","sections":[{"heading":"h","text":"t"}]}""";
    private const string Improvements = """{"schema_version":"improvements_v1","proposals":[{"proposal_id":"a","title":"a","blueprint":{"schema_version":"blueprint_v1","title":"a","strategy":{}}},{"proposal_id":"b","title":"b","blueprint":{"schema_version":"blueprint_v1","title":"b2","strategy":{}}}]}""";

    private static readonly string[] BlueprintCourse =
    [
        "BLUEPRINT_SUBMITTED", "RUNSPEC_COMPILED", "WAITING_APPROVAL", "APPROVED", "RUN_COMPLETED", "GATES_COMPLETED", "REGISTRY_UPDATED", "DONE",
    ];

    private static string Card(JobStory story) => $$"""{"schema_version":"registry_card_v1","title":"c","run_id":"{{story.State.Run!.RunId}}"}""";

    [Fact]
    public void Every_event_has_a_name_and_every_named_event_a_place_in_the_fold()
    {
        foreach (var (lane, root) in new (ILane, Type)[] { (JobLane.Instance, typeof(JobEvent)), (DossierLane.Instance, typeof(DossierEvent)) })
        {
            var declared = root.Assembly.GetTypes().Where(t => t.IsSubclassOf(root) && !t.IsAbstract).ToHashSet();
            if (lane is JobLane) declared.Add(typeof(HoldoutsJudged));
            Assert.Equal(declared, lane.Events.Types.Where(t => !t.IsSubclassOf(typeof(EffectEvent))).ToHashSet());
        }
    }

    [Fact]
    public void Every_command_is_answered_in_every_phase()
    {
        var digest = Digest.Of("x");
        var submitted = new BlueprintSubmitted(JobStory.Job(JobKind.Blueprint), JobStory.Ada);
        var child = DocumentRule.Child(submitted.Job, JsonDocument.Parse(Blueprint).RootElement, null, []);
        Command[] commands =
        [
            new SubmitJob(submitted), new ApproveStep("runspec", digest, JobStory.Ada, null), new RejectStep("runspec", digest, JobStory.Ada, "no", null),
            new CancelJob(JobStory.Ada, null), new RetryJob(JobStory.Ada, null, null), new SpawnJob(child, [], JobStory.Ada), new Cancel("x"), WakeUp.Instance,
            new RerunJob(JsonDocument.Parse("{}").RootElement, JobStory.Ada, null, null),
        ];
        var own = typeof(JobLane).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Command)) && t.Namespace == typeof(JobLane).Namespace).Except([typeof(DeclareDossier), typeof(LogTrial)]);
        Assert.Equal(own.ToHashSet(), commands.Select(c => c.GetType()).Where(t => t.Namespace == typeof(JobLane).Namespace).ToHashSet());
        var folds = Phases().ToList();
        Assert.Equal(Enum.GetValues<JobPhase>(), folds.Select(f => f.As<JobState>().Phase).Order());
        foreach (var fold in folds)
        {
            foreach (var command in commands) Assert.NotNull(fold.Decide(command));
            Assert.NotNull(fold.Next());
        }
    }

    [Fact]
    public void A_blueprint_goes_through_its_course_and_every_line_keeps_its_contract()
    {
        var story = Done();
        Assert.Equal(BlueprintCourse, story.Types);
        Assert.Equal((JobPhase.Done, "PASS"), (story.State.Phase, JobTables.Verdict(story.State)));
        var state = JobState.Initial;
        foreach (var recorded in story.Recorded)
        {
            state = state.Evolve(recorded);
            foreach (var line in JobLane.Instance.Lines(state, recorded))
            {
                Assert.Empty(ContractCatalog.Validate("job_event_v2", JsonDocument.Parse(line.Bytes).RootElement));
            }
        }
    }

    [Fact]
    public void An_idea_stops_at_five_checkpoints_and_its_approved_proposals_become_jobs()
    {
        var story = JobStory.Of(JobKind.Idea, improving: true);
        story.Stage(Blueprint).Approve("blueprint").Stage(Spec).Approve("strategy_spec").Stage(JobStory.Runspec).Approve("runspec").Stage(Preview).Approve("trace_preview");
        story.Run().Stage(JobStory.Holdouts).Stage(JobStory.Gates);
        story.Stage(Card(story)).Told(new TrialAnswer(1)).Stage(Report).Stage(Improvements).Approve("improvements");
        Assert.Equal(2, story.State.ToSpawn.Length);
        var child = ((SubmitJob)((ChildStream)story.Asked()).Command).Job.Job;
        Assert.Equal((1, "0123456789ab", "0123456789ab"), (child.Lineage.Generation, child.Lineage.ParentJobId, child.Lineage.RootJobId));
        story.Told(new SubmitAnswer(JobPhase.Active)).Told(new SubmitAnswer(JobPhase.Active));
        Assert.Equal(JobPhase.Done, story.State.Phase);
        Assert.Equal(JobWorkflow.Checkpoints, story.State.Approvals.Select(a => a.Step));
        Assert.Equal(2, story.Types.Count(t => t == "SPAWNED"));
    }

    [Fact]
    public void An_approval_binds_to_what_was_shown_and_holds_once()
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec);
        var shown = story.State.Waiting!.Sha256;
        Assert.Equal("document_changed", Rule(story.Put(new ApproveStep("runspec", Digest.Of("other"), JobStory.Ada, null))));
        Assert.Equal("not_waiting", Rule(story.Put(new ApproveStep("blueprint", shown, JobStory.Ada, null))));
        Assert.Equal("not_a_person", Rule(story.Put(new ApproveStep("runspec", shown, Actor.Engine, null))));
        Assert.Equal("not_a_person", Rule(story.Put(new ApproveStep("runspec", shown, new Actor("job x", "spawn"), null))));
        story.Approve("runspec");
        Assert.Equal("already_approved", Rule(story.Put(new ApproveStep("runspec", shown, JobStory.Ada, null))));
    }

    [Fact]
    public void An_approval_in_advance_is_refused_and_one_never_passes_two_checkpoints()
    {
        var story = JobStory.Of(JobKind.Idea);
        Assert.Equal("not_waiting", Rule(story.Put(new ApproveStep("blueprint", Digest.Of("b"), JobStory.Ada, null))));
        story.Stage(Blueprint).Approve("blueprint").Stage(Spec);
        Assert.Equal((JobPhase.Waiting, "strategy_spec"), (story.State.Phase, story.State.Waiting!.Step));
        Assert.Single(story.State.Approvals);
    }

    [Fact]
    public void A_rejection_ends_the_job_or_proposes_the_replacement_anew()
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec);
        var shown = story.State.Waiting!.Sha256;
        var replacement = Encoding.UTF8.GetBytes(JobStory.Runspec.Replace("2", "3", StringComparison.Ordinal));
        Assert.Equal("contract", Rule(story.Put(new RejectStep("runspec", shown, JobStory.Ada, "no", "{}"u8.ToArray()))));
        Assert.IsType<Decision.Accepted>(story.Put(new RejectStep("runspec", shown, JobStory.Ada, "three", replacement)));
        Assert.Equal((JobPhase.Waiting, 2), (story.State.Phase, story.State.Document("runspec")!.Version));
        Assert.NotEqual(shown, story.State.Waiting!.Sha256);
        Assert.Equal("document_changed", Rule(story.Put(new ApproveStep("runspec", shown, JobStory.Ada, null))));
        Assert.Equal("same_document", Rule(story.Put(new RejectStep("runspec", story.State.Waiting.Sha256, JobStory.Ada, "again", replacement))));
        Assert.IsType<Decision.Accepted>(story.Put(new RejectStep("runspec", story.State.Waiting.Sha256, JobStory.Ada, "enough", null)));
        Assert.Equal(JobPhase.Rejected, story.State.Phase);
        Assert.IsType<Work.Finished>(story.Fold.Next());
    }

    [Theory]
    [InlineData("not json", "contract", "")]
    [InlineData("""{"schema_version":"runspec_v1"}""", "contract", "")]
    [InlineData("""{"schema_version":"runspec_v1","strategy":{},"segments":{"list":[{"segment_id":"../../etc"}]}}""", "contract", "/segments/list/0/segment_id")]
    [InlineData("""{"schema_version":"runspec_v1","strategy":{},"segments":{"list":[{"segment_id":"a"},{"segment_id":"a"}]}}""", "segment_id", "/segments/list")]
    [InlineData("""{"schema_version":"runspec_v1","strategy":{},"extensions":{"note":{"budget_policy":1}}}""", "policy_override", "/extensions/note/budget_policy")]
    [InlineData("""{"schema_version":"runspec_v1","strategy":{},"extensions":{"min_sharpe":0}}""", "policy_override", "/extensions/min_sharpe")]
    public void Output_that_breaks_its_contract_is_an_error_with_the_pointer_and_is_not_used(string document, string rule, string pointer)
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(document);
        Assert.Equal((JobPhase.Error, rule, pointer), (story.State.Phase, story.State.Failure!.Rule, story.State.Failure.Pointer));
        Assert.Null(story.State.Document("runspec"));
        Assert.IsType<Decision.Accepted>(story.Put(new RetryJob(JobStory.Ada, "mended", null)));
        Assert.Equal("stage/compile", story.Asked().Id);
    }

    [Fact]
    public void A_lost_stage_is_repeated_only_if_that_does_no_harm()
    {
        var unsafeStory = JobStory.Of(JobKind.Blueprint);
        Assert.Equal("interrupted", unsafeStory.Lose(unsafeStory.Begin()).State.Failure!.Rule);
        var safeStory = JobStory.Of(JobKind.Blueprint, retrySafe: true);
        Assert.Equal(JobPhase.Active, safeStory.Lose(safeStory.Begin()).State.Phase);
        Assert.Equal("stage/compile", safeStory.Asked().Id);
    }

    [Theory]
    [InlineData(KillReason.Deadline, BudgetRule.WallClock)]
    [InlineData(KillReason.CostLimit, BudgetRule.Cost)]
    public void A_budget_that_ends_a_stage_in_the_middle_stops_the_job(KillReason reason, string limit)
    {
        var story = JobStory.Of(JobKind.Blueprint, new JobBudget { MaxWallClockMs = 1000, MaxCost = new Usd(500) });
        var process = (RunProcess)story.Asked();
        Assert.Equal((JobStory.Now.AddSeconds(1), new Usd(500)), (process.NotAfter, process.Meter!.Max));
        story.Stage(JobStory.Runspec, o => o with { ExitCode = null, Signal = 9, KillReason = reason, Cost = new Usd(501), DurationMs = 900 });
        Assert.Equal((JobPhase.StoppedBudget, limit, new Usd(501)), (story.State.Phase, story.State.Stopped!.Reason, story.State.Stopped.Counters.Cost));
        Assert.Null(story.State.Document("runspec"));
    }

    [Fact]
    public void A_budget_that_is_used_up_stops_the_job_before_its_next_stage()
    {
        var story = JobStory.Of(JobKind.Blueprint, new JobBudget { MaxCost = new Usd(500) }).Stage(JobStory.Runspec, o => o with { Cost = new Usd(500) });
        story.Approve("runspec");
        Assert.Equal((JobPhase.StoppedBudget, "stage run"), (story.State.Phase, story.State.Stopped!.Action));
    }

    [Fact]
    public void Proposals_and_spawns_stop_at_their_limits_and_nothing_more_is_spawned()
    {
        var proposals = JobStory.Of(JobKind.Idea, new JobBudget { MaxProposalsPerJob = 1 });
        proposals.Stage(Blueprint).Approve("blueprint");
        Assert.Equal(BudgetRule.Proposals, proposals.State.Stopped!.Reason);

        var story = Done(new JobBudget { MaxSpawnPerJob = 1 });
        var documents = new List<Blob>();
        var first = DocumentRule.Child(story.State.Job, JsonDocument.Parse(Blueprint).RootElement, null, documents);
        var second = DocumentRule.Child(story.State.Job, JsonDocument.Parse(Blueprint.Replace("\"b\"", "\"c\"", StringComparison.Ordinal)).RootElement, null, documents);
        story.Put(new SpawnJob(first, documents, JobStory.Ada));
        story.Put(new SpawnJob(second, documents, JobStory.Ada));
        Assert.Equal((BudgetRule.Spawn, 1L), (story.State.Stopped!.Reason, story.State.Stopped.Limit));
        Assert.Equal((JobPhase.Done, first.JobId), (story.State.Phase, Assert.Single(story.State.ToSpawn).JobId));

        var deep = Done(new JobBudget { MaxTotalIterations = 1 });
        var grandchild = deep.State with { Counters = deep.State.Counters with { Generation = 1 } };
        Assert.Equal(BudgetRule.Iterations, BudgetRule.SpawnOne(grandchild, first)!.Reason);
    }

    [Fact]
    public void A_cancelled_job_ends_what_is_under_way_and_uses_nothing_of_it()
    {
        var story = JobStory.Of(JobKind.Blueprint);
        var effect = story.Begin();
        story.Put(new CancelJob(JobStory.Ada, "enough"));
        Assert.IsType<Work.End>(story.Fold.Next());
        story.End(effect, Given.Outcome());
        Assert.Equal(JobPhase.Cancelled, story.State.Phase);
        Assert.Equal("ended", Rule(story.Put(new CancelJob(JobStory.Ada, null))));

        var waiting = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec);
        waiting.Put(new CancelJob(JobStory.Ada, null));
        Assert.Equal(JobPhase.Cancelled, waiting.State.Phase);
    }

    [Fact]
    public void Another_jobs_budget_or_wish_that_ended_a_shared_run_makes_this_job_ask_again()
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Approve("runspec").Run(DossierEnd.StoppedBudget, BudgetRule.Cost, "x", isOwn: false);
        Assert.Equal((JobPhase.Active, "stage/run"), (story.State.Phase, story.Asked().Id));
        story.Run(DossierEnd.Cancelled, "cancelled", "the run was cancelled");
        Assert.Equal((JobPhase.Active, "stage/run"), (story.State.Phase, story.Asked().Id));
        Assert.Equal(BudgetRule.Cost, story.Run(DossierEnd.StoppedBudget, BudgetRule.Cost, "x").State.Stopped!.Reason);
    }

    [Fact]
    public void Who_judges_the_hold_outs_sees_them_and_nobody_after_it_does()
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Approve("runspec");
        var effect = (ChildStream)story.Begin();
        var files = new[] { "metrics.json", "segments_summary.json", "segments/walk_1/metrics.json", "segments/held/metrics.json" }
            .Select(p => new DossierFile(p, Digest.Of(p), 1));
        var manifest = DossierManifest.Of(((DeclareDossier)effect.Command).Run, [.. files]).Bytes();
        var open = new DossierFile("segments_summary.json", Digest.Of("open"), 2);
        var answer = new DossierAnswer(DossierEnd.Completed, null, null, IsOwn: true, default, 0) { Document = manifest, OpenSummary = open };
        story.End(effect, new AnswerOutcome(effect.Stream, answer));
        var judge = (RunProcess)story.Asked();
        Assert.Equal("stage/holdout", judge.Id);
        Assert.Contains(judge.Inputs, i => i.Name == "dossier/segments/held/metrics.json");
        Assert.Contains(judge.Documents, d => d.Sha256 == Digest.Of(manifest));
        Assert.Equal((null, "jobs/0123456789ab/sealed/holdout.stdout.log", "jobs/0123456789ab/sealed/holdout"), (judge.Meter, judge.StdoutFile, judge.RunRoot));
        Assert.False(judge.Environment.ContainsKey("ASSAY_STAGE_METER"));
        story.Stage(JobStory.Holdouts);
        Open((RunProcess)story.Asked());
        story.Stage(JobStory.Gates);
        Open((RunProcess)story.Asked());

        void Open(RunProcess stage)
        {
            Assert.Contains(stage.Inputs, i => i.Name == "dossier/segments/walk_1/metrics.json");
            Assert.Contains(stage.Documents, d => d.Sha256 == open.Sha256 && d.Name == "inputs/dossier/segments_summary.json");
            var all = string.Join('\n', stage.Inputs.Select(i => $"{i.Name} {i.Sha256}").Concat(stage.Documents.Select(d => $"{d.Sha256}")).Concat(stage.Texts.Values));
            Assert.DoesNotContain("held/", all, StringComparison.Ordinal);
            foreach (var hidden in new[] { "segments/held/metrics.json", "segments_summary.json" }) Assert.DoesNotContain(Digest.Of(hidden).ToString(), all, StringComparison.Ordinal);
            Assert.DoesNotContain(Digest.Of(manifest).ToString(), all, StringComparison.Ordinal);
            Assert.DoesNotContain("segments/held", Encoding.UTF8.GetString(Manifest(story)), StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string> Answers => new()
    {
        { "an id of its own", """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"sharpe_0.77","segment_id":"held","status":"PASS"}]}""" },
        { "a segment that is not held out", """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"h","segment_id":"walk_1","status":"PASS"}]}""" },
        { "one more", """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"h","segment_id":"held","status":"PASS"},{"gate_id":"i","segment_id":"held","status":"PASS"}]}""" },
        { "twice", """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"h","segment_id":"held","status":"PASS"},{"gate_id":"h","segment_id":"held","status":"FAIL"}]}""" },
        { "none", """{"schema_version":"holdout_results_v1","gates":[]}""" },
        { "a reason", """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"h","segment_id":"held","status":"PASS","reason":"0.77"}]}""" },
        { "no JSON", "0.77" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_answer_that_says_more_or_less_than_one_bit_a_gate_is_none_and_nothing_of_it_is_told(string what, string answer)
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Approve("runspec").Run().Stage(answer);
        Assert.True(story.State.Phase == JobPhase.Error, what);
        Assert.Equal(("holdout", "holdout"), (story.State.Failure!.Rule, story.State.Failure.Stage));
        var other = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Approve("runspec").Run().Stage(JobStory.Holdouts, o => o with { ExitCode = 77 });
        Assert.Equal(other.State.Failure, story.State.Failure);
        Assert.IsType<Decision.Accepted>(story.Put(new RetryJob(JobStory.Ada, null, null)));
        Assert.Equal("stage/holdout", story.Asked().Id);
    }

    [Fact]
    public void A_hold_out_is_judged_once_its_answer_is_written_anew_and_it_counts()
    {
        const string spaced = """ {"gates" : [ {"status":"FAIL" , "segment_id":"held","gate_id":"h"} ],   "schema_version":"holdout_results_v1"} """;
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Approve("runspec").Run().Stage(spaced);
        var written = story.Recorded.Select(r => r.Body).OfType<HoldoutsJudged>().Single();
        Assert.Equal([new HoldoutVerdict("h", "held", false)], written.Verdicts);
        var canonical = """{"gates":[{"gate_id":"h","segment_id":"held","status":"FAIL"}],"schema_version":"holdout_results_v1"}""";
        Assert.Equal(Digest.Of(canonical), written.Document.Sha256);
        story.Stage("{}").Put(new RetryJob(JobStory.Ada, null, null));
        Assert.Equal("stage/gates", story.Asked().Id);
        story.Stage(JobStory.Gates);
        Assert.Equal((false, 1, 1), (story.State.Gates!.Passed, story.State.Gates.GatesPassed, story.State.Gates.GatesFailed));
    }

    [Theory]
    [InlineData(true, "no holdout_command")]
    [InlineData(false, "declares no holdout_gates")]
    public void What_nothing_may_judge_is_not_held_out(bool declares, string why)
    {
        var job = JobStory.Job(JobKind.Blueprint);
        job = declares ? job with { Components = job.Components.Remove(JobStages.Holdout) } : job with { HoldoutGates = [] };
        var story = JobStory.Of(job).Stage(JobStory.Runspec);
        Assert.Equal("holdout_gates", story.State.Failure!.Rule);
        Assert.Contains(why, story.State.Failure.Message, StringComparison.Ordinal);
    }

    private static byte[] Manifest(JobStory story)
    {
        var body = story.Attached.OfType<RunCompleted>().Single();
        return Assert.Single(body.Attached!).Bytes.ToArray();
    }

    [Fact]
    public void A_registry_card_of_another_run_is_refused()
    {
        var story = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Approve("runspec").Run().Stage(JobStory.Holdouts).Stage(JobStory.Gates);
        story.Stage("""{"schema_version":"registry_card_v1","title":"c","run_id":"ffffffffffff"}""");
        Assert.Equal(("run_id", "/run_id"), (story.State.Failure!.Rule, story.State.Failure.Pointer));
    }

    private static JobStory Done(JobBudget? budget = null)
    {
        var story = JobStory.Of(JobKind.Blueprint, budget).Stage(JobStory.Runspec).Approve("runspec").Run().Stage(JobStory.Holdouts).Stage(JobStory.Gates);
        return story.Stage(Card(story)).Told(new TrialAnswer(1));
    }

    private static IEnumerable<LaneFold> Phases()
    {
        yield return LaneFold.Of(JobLane.Instance);
        yield return JobStory.Of(JobKind.Blueprint).Fold;
        yield return JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec).Fold;
        var cancelling = JobStory.Of(JobKind.Blueprint);
        cancelling.Begin();
        cancelling.Put(new CancelJob(JobStory.Ada, null));
        yield return cancelling.Fold;
        yield return Done().Fold;
        var rejected = JobStory.Of(JobKind.Blueprint).Stage(JobStory.Runspec);
        rejected.Put(new RejectStep("runspec", rejected.State.Waiting!.Sha256, JobStory.Ada, "no", null));
        yield return rejected.Fold;
        var costly = JobStory.Of(JobKind.Blueprint, new JobBudget { MaxCost = new Usd(1) });
        yield return costly.Stage(JobStory.Runspec, o => o with { Cost = new Usd(1) }).Approve("runspec").Fold;
        var cancelled = JobStory.Of(JobKind.Blueprint);
        cancelled.Put(new CancelJob(JobStory.Ada, null));
        yield return cancelled.Fold;
        yield return JobStory.Of(JobKind.Blueprint).Stage("{}").Fold;
    }

    private static string Rule(Decision decision) => Assert.IsType<Decision.Refused>(decision).Refusal.Kind.Code;
}
