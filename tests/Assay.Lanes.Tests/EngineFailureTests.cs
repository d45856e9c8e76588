using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Kernel.Values;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;
using Assay.Tests.Jobs;

namespace Assay.Tests;

/// <summary>
/// Every effect that a lane asks for on its way to success, and what becomes of it when the engine cannot perform that effect: no lane
/// throws, none counts it as passed, and each says why.
/// </summary>
public sealed class EngineFailureTests
{
    private const string Reason = "the disk is gone";
    private static readonly Actor Ada = JobStory.Ada;
    private static readonly DateTimeOffset Now = JobStory.Now;

    private readonly HashSet<Type> _checked = [];

    [Fact]
    public void No_lane_counts_an_effect_that_could_not_be_performed_as_passed()
    {
        Epochs();
        Ladders();
        Jobs(JobKind.Blueprint);
        Runs();
        foreach (var kind in new[] { AdapterKind.Process, AdapterKind.Http, AdapterKind.Model }) Tasks(kind);
        Adapters();
        Projects();
        var kinds = typeof(Effect).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Effect)));
        Assert.Equal(kinds.Select(k => k.Name).Order(StringComparer.Ordinal), _checked.Select(k => k.Name).Order(StringComparer.Ordinal));
    }

    private void Epochs()
    {
        var expect = new CrucibleExpectations { ExitCode = 1, ReplayVerification = ReplayVerification.RequiredPass };
        foreach (var template in Enum.GetValues<RunnerTemplate>())
        {
            var declared = Given.Epoch(1, EpochProfile.Coverage, template) with { Mode = EpochMode.Salvage };
            var epoch = Given.Running(declared, Given.Crucible(0, expect));
            Check(epoch);
            Check(epoch.Began("crucible/C0").Ended("crucible/C0", Given.Outcome(1)).After(new ReplayRequired("C0", [])));
            Check(epoch.Began("crucible/C0").Ended("crucible/C0", Given.Outcome(2)).After(Given.Finished(0, passed: false)));
        }
    }

    private void Ladders()
    {
        var declared = new LadderDeclared("L", Digest.Of("l"), [new LadderRung("/p", EpochVerdict.FailClosed, 1)], Autonomous: true, null);
        Check(LaneFold.Of(LadderLane.Instance).After(declared));
    }

    private void Jobs(JobKind kind)
    {
        var story = JobStory.Of(kind, retrySafe: true);
        Check(story.Fold);
        story.Stage(JobStory.Runspec).Approve("runspec");
        Check(story.Fold);
        story.Run();
        Check(story.Fold);
        story.Stage(JobStory.Holdouts);
        Check(story.Fold);
        story.Stage(JobStory.Gates);
        Check(story.Fold);
        story.Stage($$"""{"schema_version":"registry_card_v1","title":"c","run_id":"{{story.State.Run!.RunId}}"}""");
        Check(story.Fold);
    }

    private void Runs()
    {
        var story = JobStory.Of(JobKind.Blueprint);
        story.Stage(JobStory.Runspec).Approve("runspec");
        var run = LaneFold.Of(DossierLane.Instance).After(((DeclareDossier)((ChildStream)story.Asked()).Command).Run);
        Check(run);
        var passed = Given.Outcome(files: new CollectedFile("a", 1, Digest.Of("a"), null));
        Check(run with { State = run.As<DossierState>() with { Passed = passed } });
    }

    /// <summary>A task through all of its effects, follow-ups included.</summary>
    private void Tasks(AdapterKind kind)
    {
        var fold = Decided(Decided(LaneFold.Of(TaskLane.Instance), TaskOf(kind)), new StartExecution(1, Ada));
        for (var steps = 0; fold.Next() is Work.Perform perform; steps++)
        {
            Assert.True(steps < 50, "the run does not come to its end");
            var effect = perform.Effects.First();
            Check(fold, effect);
            var (outcome, evidence) = Good(effect);
            fold = Recorded(fold, effect, outcome, evidence).Fold;
        }

        Assert.Equal(TaskPhase.Completed, Assert.Single(fold.As<ExecutionState>().Tasks).Phase);
    }

    private void Adapters()
    {
        foreach (var check in new[] { new HealthCheck(["true"], null, 1000, 1000), new HealthCheck([], "http://127.0.0.1:9/", 1000, 1000) })
        {
            var configure = new ConfigureAdapter(Adapter(AdapterKind.Process) with { HealthCheck = check });
            Check(Decided(LaneFold.Of(AdapterLane.Instance), configure));
        }

        var program = Adapter(AdapterKind.Process) with { HealthCheck = new HealthCheck(["true"], null, 1000, 1000) };
        var asked = Decided(LaneFold.Of(AdapterLane.Instance), new ConfigureAdapter(program));
        Check(Recorded(asked, asked.Asked().First(), Given.Outcome(), []).Fold);
    }

    private void Projects()
    {
        var move = new MovePatch("/p", Patch, [PatchState.Created, PatchState.Validated, PatchState.Applied], null);
        var fold = Decided(Decided(LaneFold.Of(ProjectLane.Instance), move), new CommitPatch("/p", Patch));
        Check(fold);
        fold = Recorded(fold, fold.Asked().First(), new ApplyOutcome(Applied: true, null, []), []).Fold;
        Check(Decided(fold, new RollBackPatch(Patch.PatchId, Ada)));
    }

    /// <summary>Checks the first effect that a lane asks for.</summary>
    private void Check(LaneFold fold) => Check(fold, fold.Asked().First());

    private void Check(LaneFold fold, Effect effect)
    {
        var lane = fold.Lane;
        _checked.Add(effect.GetType());
        var outcome = effect.Failed(Reason, Now);
        var (_, events) = Recorded(fold, effect, outcome, []);
        Assert.DoesNotContain(events, IsGood);
        var stored = EventEnvelope.Seal(StreamName.Of(lane.Name, "x"), StreamHead.Empty(StreamName.Of(lane.Name, "x")), [new EffectFinished(effect.Id, 1, outcome), .. events], Now, lane.Events);
        Assert.Contains(Reason, Encoding.UTF8.GetString(stored[0].Bytes), StringComparison.Ordinal);
        var says = stored.Skip(1).Any(s => Encoding.UTF8.GetString(s.Bytes).Contains(Reason, StringComparison.Ordinal));
        Assert.True(says || IsFollowUp(effect), $"{lane.Name} does not say why {effect.Id} failed: {string.Join(", ", events)}");
    }

    /// <summary>What is done beside the work, and whose failure fails nothing: the record of the effect says it.</summary>
    private static bool IsFollowUp(Effect effect) => effect is RemoveFolders or ReleaseCopies or ChildStream { Command: ReportCall or PublishResults };

    private static bool IsGood(Event body) => body is CrucibleFinished { Outcome: CrucibleOutcome.Pass } or ReplayRequired or RungFinished { Reached: true } or LadderFinished { Reached: true }
        or EpochFinished { Verdict: EpochVerdict.Pass or EpochVerdict.Operational or EpochVerdict.Complete } or DocumentMade or RunCompleted or RegistryUpdated or Spawned or JobDone or DossierFinished
        or TaskStarted or TaskValidating or TaskTested { Result.Passed: true } or TaskCompleted or HealthChanged { Healthy: true } or PatchMoved { State: PatchState.Committed or PatchState.RolledBack };

    private static LaneFold Decided(LaneFold fold, Command command) =>
        fold.After(Assert.IsType<Decision.Accepted>(fold.Decide(command)).Events);

    private static (LaneFold Fold, IReadOnlyList<Event> Events) Recorded(
        LaneFold fold, Effect effect, EffectOutcome outcome, Dictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var ended = fold.Began(effect.Id).Ended(effect.Id, outcome);
        var events = ended.Judge(effect, outcome, evidence);
        return (ended.After(events), events);
    }

    private static (EffectOutcome Outcome, Dictionary<string, ReadOnlyMemory<byte>> Evidence) Good(Effect effect)
    {
        var set = new ChangeSet(Digest.Of("tree"), Digest.Of("diff"), [new FileChange("a", ChangeKind.Created, null, null, new FileVersion(EntryKind.File, 420, 1, Digest.Of("x")))], 1, 0);
        return effect switch
        {
            RunProcess => (Given.Outcome(), Given.Evidence((TaskEffects.AnswerFile, "done"))),
            CallHttp => (new HttpOutcome(200, null, MayHaveActed: true) { StartedAt = Now, DurationMs = 1 }, []),
            CopyTree copy => (new CopyOutcome(copy.To, Digest.Of("tree"), 1, null), []),
            CaptureChanges => (new ChangesOutcome(Digest.Of(set.Bytes()), set.DiffSha256, 1, 1, 1, 0, null), new() { [ChangesOutcome.ChangesName] = set.Bytes() }),
            ApplyChanges or PrepareCopy => (new ApplyOutcome(Applied: true, null, []), []),
            PlaceCopy place => (new CopyOutcome($"{place.Folder}/{place.Name}", default, 1, null), []),
            CheckCopy => (new CheckOutcome([], 0, null), []),
            GatherContext => (new ContextOutcome(Digest.Of("context"), 1, 1, 1, null), []),
            RemoveFolders or ReleaseCopies => (new FilesOutcome([], Complete: true), []),
            ChildStream { Command: AskPermit } => (Answered(new PermitAnswer(PermitStatus.Allowed, null, null, null)), []),
            ChildStream { Command: ReportCall } => (Answered(new ReportAnswer(false)), []),
            ChildStream { Command: MovePatch move } => (Answered(new PatchAnswer(move.Through[^1], null)), []),
            ChildStream { Command: CommitPatch } => (Answered(new PatchAnswer(PatchState.Committed, null)), []),
            ChildStream { Command: PublishResults } => (Answered(AcceptedAnswer.Instance), []),
            _ => throw new InvalidOperationException($"a run asks for no {effect}"),
        };
    }

    private static AnswerOutcome Answered(StreamAnswer answer) => new(StreamName.Of("other", "x"), answer);

    private static ProcessCaps Caps => new() { TimeMs = 1, KillMs = 2, StdoutBytes = 1, StderrBytes = 1 };

    private static DeclareExecution TaskOf(AdapterKind kind)
    {
        var declared = new ExecutionDeclared
        {
            RunId = "run",
            ProjectRoot = "/p",
            ProjectId = "p",
            QueueSha256 = Digest.Of("q"),
            RoutingSha256 = Digest.Of("r"),
            AdaptersSha256 = Digest.Of("a"),
            Tasks = 1,
            SafeModeAfterMs = 1,
            Own = [],
            By = Ada,
        };
        var test = new AcceptanceTest { Name = "t", Kind = "unit", Command = ["t"], Caps = Caps, Required = true, Parse = ReportFormat.ExitCode, Parallel = false, Sandbox = SandboxLevel.None, Inherit = [] };
        var task = new TaskSpec
        {
            TaskId = "one",
            Title = "One",
            Kind = "fix",
            DependsOn = [],
            Command = [],
            Prompt = Digest.Of("prompt"),
            WorkingTree = "/p/tree",
            FileScope = new FileScope(["**"], []),
            AcceptanceTests = [test, test with { Name = "beside", Parallel = true }],
            Caps = Caps,
            MaxAttempts = 1,
            RetrySafe = false,
            AdapterIds = ["a"],
            Bodies = ImmutableSortedDictionary<string, Digest>.Empty.Add("a", Digest.Of("body")),
            Context = new TaskContext(["**"], 1),
        };
        return new DeclareExecution(declared, [Adapter(kind)], [task], []);
    }

    private static AdapterSpec Adapter(AdapterKind kind) => new()
    {
        AdapterId = "a",
        Kind = kind,
        Sandbox = SandboxLevel.None,
        Command = ["true"],
        Pinned = [],
        Inherit = [],
        Url = "http://127.0.0.1:9/",
        Headers = ImmutableSortedDictionary<string, string>.Empty,
        Model = new ModelCall { Endpoint = "http://127.0.0.1:9/", Model = "m", Instructions = "i", MaxOutputTokens = 1, InputUsdPerMillionTokens = 0, OutputUsdPerMillionTokens = 0 },
        Concurrency = 1,
        CircuitBreaker = new BreakerSettings(1, 1, 1),
        Retry = new RetrySettings(1, new BackOff(BackOffGrowth.Constant, 1, 1, Jitter: false)),
        SuccessCodes = [kind == AdapterKind.Http ? 200 : 0],
    };

    private static PatchDeclaration Patch => new()
    {
        PatchId = Digest.Of("d").Short(16),
        DiffSha256 = Digest.Of("d"),
        DiffBytes = 1,
        ChangesSha256 = Digest.Of("c"),
        BaseTreeSha256 = Digest.Of("b"),
        RunId = "run",
        TaskId = "one",
        Attempt = 1,
        WorkingTree = "/p/tree",
        FileCount = 1,
        Files = ["a"],
        Added = 1,
        Removed = 0,
    };
}
