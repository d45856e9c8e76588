using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;

namespace Assay.Tests.Tasks;

public sealed class TaskLaneTests
{
    private static readonly Actor Ada = new("ada", "cli");

    [Fact]
    public void Every_event_has_a_name()
    {
        var declared = typeof(TaskLaneEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(TaskLaneEvent)) && !t.IsAbstract).ToHashSet();
        Assert.Equal(declared, TaskLane.Instance.Events.Types.Where(t => !t.IsSubclassOf(typeof(EffectEvent))).ToHashSet());
        var others = typeof(TaskLane).Assembly.GetTypes().Where(t => t.Namespace == typeof(TaskLane).Namespace && t.IsSubclassOf(typeof(Event)) && !t.IsAbstract && !t.IsSubclassOf(typeof(TaskLaneEvent)));
        var named = AdapterLane.Instance.Events.Types.Concat(ProjectLane.Instance.Events.Types).Where(t => !t.IsSubclassOf(typeof(EffectEvent)));
        Assert.Equal(others.ToHashSet(), named.ToHashSet());
    }

    [Fact]
    public void Every_command_is_answered_in_every_phase_by_its_lane()
    {
        var run = Declare();
        var blob = Blob.Of(new byte[] { 1 });
        var patch = Patch();
        Command[] commands =
        [
            run, new StartExecution(1, Ada), new CompleteManual("one", Ada, null, [], []), new FailManual("one", Ada, "no"), new CancelTask("one", Ada, null), new RetryTask("one", Ada, null),
            new ConfigureAdapter(run.Adapters[0]), new AskPermit("t", 1), new ReportCall("t", AdapterReport.Failed), new RequestCheck(),
            new MovePatch("/p", patch, [PatchState.Created], null), new CommitPatch("/p", patch), new ApplyPatch("x", false, false, Ada), new RollBackPatch("x", Ada), new PublishResults("/p", "run", blob),
            new HandOverProject("/other", "of-x"), new TakeBackProject(), new Cancel("signal"), WakeUp.Instance,
        ];
        var own = typeof(TaskLane).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Command)) && t.Namespace == typeof(TaskLane).Namespace);
        Assert.Equal(own.ToHashSet(), commands.Select(c => c.GetType()).Where(t => t.Namespace == typeof(TaskLane).Namespace).ToHashSet());
        var initial = LaneFold.Of(TaskLane.Instance);
        var declared = initial.After(((Decision.Accepted)initial.Decide(run)).Events);
        foreach (var phase in Enum.GetValues<ExecutionPhase>())
        {
            var state = declared.As<ExecutionState>() with { Phase = phase };
            var at = phase == ExecutionPhase.None ? initial : declared with { State = state };
            foreach (var command in commands) Assert.NotNull(at.Decide(command));
            Assert.NotNull(at.Next());
        }

        foreach (var command in commands)
        {
            Assert.NotNull(LaneFold.Of(AdapterLane.Instance).Decide(command));
            Assert.NotNull(LaneFold.Of(ProjectLane.Instance).Decide(command));
        }
    }

    [Fact]
    public void A_project_that_another_workspace_has_is_not_touched_until_it_comes_back()
    {
        var patch = Patch();
        var fold = LaneFold.Of(ProjectLane.Instance).After(new ProjectOpened("/p"), new PatchCreated(patch), new ProjectHandedOver("/other", "of-x"));
        foreach (Command command in new Command[] { new CommitPatch("/p", patch), new RollBackPatch(patch.PatchId, Ada) })
        {
            Assert.Equal(TaskRefusals.ProjectClaimed, Assert.IsType<Decision.Refused>(fold.Decide(command)).Refusal.Kind);
        }

        var line = new BlobFile("/p", TaskPaths.PatchLedger, 1, Digest.Of("x"));
        Assert.Equal(".state/patch_ledger.of-x.jsonl", ((ILane)ProjectLane.Instance).PlaceOf(fold.State, line).Path);
        Assert.Equal("elsewhere", ((ILane)ProjectLane.Instance).PlaceOf(fold.State, line with { Path = "elsewhere" }).Path);
        fold = fold.After(((Decision.Accepted)fold.Decide(new TakeBackProject())).Events);
        Assert.Equal(line, ((ILane)ProjectLane.Instance).PlaceOf(fold.State, line));
    }

    [Fact]
    public void A_patch_makes_only_the_moves_of_its_table()
    {
        var fold = LaneFold.Of(ProjectLane.Instance);
        foreach (var wanted in Enum.GetValues<PatchState>())
        {
            var decision = fold.Decide(new MovePatch("/p", Patch(), [wanted], null));
            var reached = ((Decision.Accepted)decision).Events.OfType<PatchMoved>().Select(m => m.State).ToList();
            Assert.Equal(wanted is PatchState.Validated or PatchState.Quarantined or PatchState.Dropped ? [wanted] : [], reached);
        }

        Assert.IsType<Decision.Refused>(fold.Decide(new CommitPatch("/p", Patch())));
        Assert.IsType<Decision.Refused>(fold.Decide(new RollBackPatch(Patch().PatchId, Ada)));
    }

    [Fact]
    public void The_pause_before_another_attempt_grows_varies_and_waits_for_what_was_asked()
    {
        var task = new TaskState(Declare().Tasks[0]);
        var pauses = new BackOff(BackOffGrowth.Exponential, 1_000, 10_000, Jitter: true);
        double Ms(int attempt, long? asked = null) => RetryRule.Pause("run", task with { Attempts = attempt }, pauses, asked).TotalMilliseconds;
        Assert.InRange(Ms(1), 500, 1_000);
        Assert.InRange(Ms(3), 2_000, 4_000);
        Assert.InRange(Ms(30), 5_000, 10_000);
        Assert.Equal(Ms(3), Ms(3));
        Assert.NotEqual(Ms(1) * 4, Ms(3));
        Assert.Equal(60_000, Ms(1, 60_000));
    }

    [Fact]
    public void What_a_task_reached_is_what_its_last_attempt_reached()
    {
        var initial = LaneFold.Of(TaskLane.Instance);
        var act = new TaskEffectId(TaskEffectId.Act, "one", null).ToString();
        var agent = Epochs.Given.Outcome() with { Egress = new Egress([], 3), Gateway = GivenAgent.Asked };
        var fold = initial.After([.. ((Decision.Accepted)initial.Decide(Declare())).Events, new TaskStarted("one", "shell", 1, Fallback: false)]).Began(act).Ended(act, agent);
        Assert.Equal((3, 1), (fold.As<ExecutionState>().Task("one").Call!.Egress!.Unlisted, fold.As<ExecutionState>().Task("one").Call!.Gateway!.Requests));
        var shown = JsonDocument.Parse(ExecutionResults.Text(fold.As<ExecutionState>(), new HashSet<string>())).RootElement;
        Assert.Empty(ContractCatalog.Validate(ExecutionResults.Version, shown));
        Assert.Equal(3, shown.GetProperty("results")[0].GetProperty("egress_unlisted").GetInt64());
        var after = fold.Began(act).Ended(act, new HttpOutcome(200, null, true) { StartedAt = Played.Now, DurationMs = 1 }).As<ExecutionState>().Task("one");
        Assert.Equal((null, null), (after.Call!.Egress, after.Call.Gateway));
    }

    [Fact]
    public void What_a_document_sets_never_stands_over_what_assay_says_of_the_attempt()
    {
        var set = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("ASSAY_TASK_ID", "other"), KeyValuePair.Create("ANTHROPIC_BASE_URL", "http://elsewhere")]);
        var declared = Declare();
        var initial = LaneFold.Of(TaskLane.Instance);
        var fold = initial.After(((Decision.Accepted)initial.Decide(declared with { Adapters = [GivenAgent.Adapter with { AdapterId = "shell", Environment = set }] })).Events)
            .After(new TaskStarted("one", "shell", 1, Fallback: false));
        var state = fold.As<ExecutionState>();
        var process = Assert.IsType<RunProcess>(TaskEffects.ActOf(state, state.Task("one")));
        Assert.Equal(("one", "{gateway_url}"), (process.Environment["ASSAY_TASK_ID"], process.Environment["ANTHROPIC_BASE_URL"]));
    }

    [Fact]
    public void A_budget_of_money_is_one_for_all_attempts_of_a_task()
    {
        var declared = Declare();
        var spec = declared.Tasks[0] with { MaxCost = new Usd(5_000_000), RetrySafe = true, MaxAttempts = 3 };
        var initial = LaneFold.Of(TaskLane.Instance);
        var begun = initial.Decide(declared with { Adapters = [GivenAgent.Adapter with { AdapterId = "shell" }], Tasks = [spec] });
        var fold = initial.After(((Decision.Accepted)begun).Events).After(new TaskStarted("one", "shell", 1, Fallback: false));
        Assert.Equal(new Usd(5_000_000), Left(fold));
        var state = fold.As<ExecutionState>();
        var spent = state.With(state.Task("one") with { Cost = new Usd(3_800_000) });
        Assert.Equal(new Usd(1_200_000), ((RunProcess)TaskEffects.ActOf(spent, spent.Task("one"))!).Gateway!.MaxCost);

        static Usd? Left(LaneFold fold) => ((RunProcess)TaskEffects.ActOf(fold.As<ExecutionState>(), fold.As<ExecutionState>().Task("one"))!).Gateway!.MaxCost;
    }

    internal static PatchDeclaration Patch() => new()
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

    internal static DeclareExecution Declare()
    {
        var caps = new ProcessCaps { TimeMs = 1, KillMs = 2, StdoutBytes = 1, StderrBytes = 1 };
        var adapter = new AdapterSpec
        {
            AdapterId = "shell",
            Kind = AdapterKind.Process,
            Sandbox = SandboxLevel.None,
            Command = ["true"],
            Pinned = [],
            Inherit = [],
            Headers = ImmutableSortedDictionary<string, string>.Empty,
            Concurrency = 1,
            CircuitBreaker = new BreakerSettings(1, 1, 1),
            Retry = new RetrySettings(1, new BackOff(BackOffGrowth.Constant, 1, 1, Jitter: false)),
            SuccessCodes = [0],
        };
        var task = new TaskSpec
        {
            TaskId = "one",
            Title = "One",
            Kind = "fix",
            DependsOn = [],
            Command = [],
            FileScope = new FileScope([], []),
            AcceptanceTests = [],
            Caps = caps,
            MaxAttempts = 1,
            RetrySafe = false,
            AdapterIds = ["shell"],
            Bodies = ImmutableSortedDictionary<string, Digest>.Empty,
        };
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
        return new DeclareExecution(declared, [adapter], [task], []);
    }
}
