using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Tests.Epochs;

namespace Assay.Tests.Jobs;

public sealed class DossierRuleTests
{
    private const string Metrics = """{"schema_version":"metrics_v1","metrics":{"sharpe":1.5}}""";

    private static readonly Dictionary<string, string> Whole = new(StringComparer.Ordinal)
    {
        ["metrics.json"] = Metrics,
        ["segments_summary.json"] = """{"schema_version":"segments_summary_v1","segments":[{"segment_id":"walk","metrics":{"sharpe":1.5}},{"segment_id":"held","holdout":true,"metrics":{"months":15}}]}""",
        ["segments/walk/metrics.json"] = Metrics,
        ["segments/walk/curve.csv"] = "month,value\n2003-01,1\n",
        ["segments/walk/trades.csv"] = "month\n",
        ["segments/held/metrics.json"] = Metrics,
    };

    public static TheoryData<string, string?, string?> Changes => new()
    {
        { "", null, null },
        { "segments/held/curve.csv", "x", "holdout_leak" },
        { "segments/held/trades.csv", "x", "holdout_leak" },
        { "segments/held/notes.txt", "the return was 12 percent", "unexpected_file" },
        { "all_curves.csv", "x", "unexpected_file" },
        { "segments/walk/curve.csv", null, "evidence_missing" },
        { "segments_summary.json", null, "evidence_missing" },
        { "segments/held/metrics.json", "{}", "contract" },
        { "segments_summary.json", """{"schema_version":"segments_summary_v1","segments":[{"segment_id":"walk"},{"segment_id":"held","holdout":true,"metrics":{"sharpe":1.5}}]}""", "holdout_leak" },
        { "segments_summary.json", """{"schema_version":"segments_summary_v1","segments":[{"segment_id":"walk"},{"segment_id":"held","metrics":{"months":1}}]}""", "segments_summary" },
        { "segments_summary.json", """{"schema_version":"segments_summary_v1","segments":[{"segment_id":"walk"}]}""", "segments_summary" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_dossier_is_whole_and_shows_nothing_of_a_hold_out(string name, string? content, string? rule)
    {
        var files = new Dictionary<string, string>(Whole, StringComparer.Ordinal);
        if (name.Length > 0 && content is not null) files[name] = content;
        else files.Remove(name);
        var run = Run();
        var wanted = DossierRule.Wanted(run.Segments);
        var evidence = files.ToDictionary(f => $"output/{f.Key}", f => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(f.Value)), StringComparer.Ordinal);
        var outcome = Given.Outcome(files: [.. wanted.Select(w => Collected(w.Name, evidence))]) with { Listed = [.. files.Select(f => Collected(f.Key, f.Value))] };
        Assert.Equal(rule, DossierRule.Judge(run, outcome, evidence)?.Kind.Code);
    }

    [Fact]
    public void A_run_is_shared_and_only_one_that_failed_is_tried_again()
    {
        var declared = Run();
        var running = LaneFold.Of(DossierLane.Instance).After(declared);
        Assert.Empty(Accepted(running.Decide(new DeclareDossier(declared with { JobId = "bbbbbbbbbbbb" }))));
        var failed = running.After(new DossierFailed(DossierEnd.StoppedBudget, BudgetRule.Cost, "x"));
        Assert.Single(Accepted(failed.Decide(new DeclareDossier(declared))));
        var done = running.After(new DossierFinished([new DossierFile("metrics.json", Digest.Of("m"), 1)]));
        Assert.Empty(Accepted(done.Decide(new DeclareDossier(declared))));
        var other = done.Decide(new DeclareDossier(declared with { RunSha256 = Digest.Of("other") }));
        Assert.Equal(KernelRefusals.IdCollision, Assert.IsType<Decision.Refused>(other).Refusal.Kind);
        DossierAnswer To(string jobId) =>
            Assert.IsType<DossierAnswer>(done.Lane.Answer(done.State, new DeclareDossier(declared with { JobId = jobId })));
        Assert.False(To("bbbbbbbbbbbb").IsOwn);
        Assert.True(To(declared.JobId).IsOwn);
        Assert.Equal(done.As<DossierState>().Manifest.Bytes(), To(declared.JobId).Document.ToArray());
    }

    [Fact]
    public void A_trial_is_logged_once_for_a_job_and_only_a_pass_has_a_card()
    {
        var lane = RegistryLane.Instance;
        var trial = new TrialRequest
        {
            JobId = "aaaaaaaaaaaa",
            RunId = "bbbbbbbbbbbb",
            Title = "t",
            SnapshotId = "s",
            PolicyBundleId = "p",
            Passed = false,
            GatesPassed = 1,
            GatesFailed = 1,
            GateResultsSha256 = Digest.Of("g"),
            ManifestSha256 = Digest.Of("m"),
            CardSha256 = Digest.Of("c"),
            CardBytes = 1,
        };
        var logged = Assert.Single(Accepted(LaneFold.Of(lane).Decide(new LogTrial(trial))));
        var recorded = new RecordedEvent(1, JobStory.Now, logged);
        var state = lane.Evolve(RegistryState.Initial, recorded);
        Assert.Empty(Accepted(LaneFold.Of(lane).After(logged).Decide(new LogTrial(trial))));
        Assert.Empty(lane.Mirror(state, recorded));
        var line = Assert.Single(lane.Lines(state, recorded));
        Assert.Empty(Assay.Kernel.Contracts.ContractCatalog.Validate("trial_v1", System.Text.Json.JsonDocument.Parse(line.Bytes).RootElement));
        Assert.Null(trial.CardId);
        Assert.NotNull((trial with { Passed = true }).CardId);
    }

    private static IReadOnlyList<Event> Accepted(Decision decision) => Assert.IsType<Decision.Accepted>(decision).Events;

    private static CollectedFile Collected(string name, Dictionary<string, ReadOnlyMemory<byte>> evidence) =>
        evidence.TryGetValue(name, out var bytes) ? new CollectedFile(name, bytes.Length, Digest.Of(bytes.Span), null) : CollectedFile.Missing(name);

    private static CollectedFile Collected(string name, string content) => new(name, content.Length, Digest.Of(content), null);

    private static DossierDeclared Run() => new()
    {
        RunId = "cccccccccccc",
        RunSha256 = Digest.Of("run"),
        JobId = "aaaaaaaaaaaa",
        Runspec = new DocumentRef("runspec", 1, "outputs/runspec.json", Digest.Of("r"), 1, "runspec_v1"),
        SnapshotId = "s",
        Component = JobStory.Job(JobKind.Blueprint).Components[JobStages.Run],
        Segments = [new SegmentRef("walk", Holdout: false), new SegmentRef("held", Holdout: true)],
        HoldoutMetrics = ["months"],
    };
}
