using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;

namespace Assay.Simulation;

/// <summary>Runs of tasks as seeds draw them, and how their fake effects end.</summary>
internal static class TaskPlans
{
    public const string RunId = "run";
    public const string ProjectId = "project";

    public static readonly Actor Somebody = new("ada", "cli");

    private static readonly string[] Scopes = ["a.txt", "b.txt", "src/**"];

    public static DeclareExecution Draw(Random random)
    {
        AdapterSpec[] adapters = [Adapter("first", AdapterKind.Process, random), Adapter("second", AdapterKind.Process, random), Adapter("person", AdapterKind.Manual, random)];
        var tasks = Enumerable.Range(0, random.Next(2, 7)).Select(i => Task(i, random)).ToImmutableArray();
        var declared = new ExecutionDeclared
        {
            RunId = RunId,
            ProjectRoot = "/project",
            ProjectId = ProjectId,
            QueueSha256 = Digest.Of("q"),
            RoutingSha256 = Digest.Of("r"),
            AdaptersSha256 = Digest.Of("a"),
            Tasks = tasks.Length,
            SafeModeAfterMs = 20_000,
            Escalation = random.Next(2) == 0 ? new EscalationTarget("http://127.0.0.1/", "KEY") : null,
            Own = [],
            By = Somebody,
        };
        return new DeclareExecution(declared, [.. adapters], tasks, []);
    }

    /// <summary>The same with a task that was added to the queue.</summary>
    public static DeclareExecution Grow(DeclareExecution declare, Random random) =>
        declare with { Tasks = declare.Tasks.Add(Task(declare.Tasks.Length, random)) };

    public static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Outcome(Effect effect, DateTimeOffset now, bool wasEnded, Random random) => effect switch
    {
        RunProcess run => (Process(run, now, wasEnded, random), FakeOutcomes.NoEvidence),
        CallHttp => (new HttpOutcome(random.Next(3) == 0 ? 500 : 200, null, MayHaveActed: true) { StartedAt = now, DurationMs = 1 }, FakeOutcomes.NoEvidence),
        CopyTree copy => (wasEnded || random.Next(25) == 0 ? new CopyOutcome(copy.To, default, 0, "no room") : new CopyOutcome(copy.To, Digest.Of("tree"), 3, null), FakeOutcomes.NoEvidence),
        CaptureChanges => Changes(random),
        ApplyChanges apply when apply.Tested is not null && random.Next(4) == 0 =>
            (new ApplyOutcome(Applied: false, "a.txt changed in the tree", []) { TreeMoved = true }, FakeOutcomes.NoEvidence),
        ApplyChanges or PrepareCopy => (new ApplyOutcome(random.Next(15) > 0, "it does not fit", []), FakeOutcomes.NoEvidence),
        PlaceCopy place => (new CopyOutcome($"{place.Folder}/{place.Name}", default, 0, wasEnded || random.Next(25) == 0 ? "no room" : null), FakeOutcomes.NoEvidence),
        CheckCopy => (random.Next(8) == 0 ? new CheckOutcome(["a.txt"], 1, null) : new CheckOutcome([], 0, wasEnded ? "it was cancelled" : null), FakeOutcomes.NoEvidence),
        GatherContext => (new ContextOutcome(wasEnded ? null : Digest.Of("context"), 1, 1, 1, wasEnded ? "it was cancelled" : null), FakeOutcomes.NoEvidence),
        RemoveFolders or ReleaseCopies => (new FilesOutcome([], true), FakeOutcomes.NoEvidence),
        _ => throw new InvalidOperationException($"a run asks for no {effect}"),
    };

    private static ProcessOutcome Process(RunProcess run, DateTimeOffset now, bool wasEnded, Random random)
    {
        var outcome = FakeOutcomes.Run(run, now, random);
        return wasEnded && random.Next(4) > 0 ? outcome with { KillReason = KillReason.Cancelled, ExitCode = null, Signal = 15 } : outcome;
    }

    private static (EffectOutcome, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>) Changes(Random random)
    {
        var path = random.Next(10) == 0 ? "elsewhere" : random.Next(2) == 0 ? "a.txt" : "src/x";
        var set = new ChangeSet(Digest.Of("tree"), Digest.Of(random.Next(8).ToString()), [new FileChange(path, ChangeKind.Created, null, null, new FileVersion(EntryKind.File, 420, 1, Digest.Of("x")))], 1, 0);
        var bytes = set.Bytes();
        var outcome = random.Next(8) switch
        {
            0 => new ChangesOutcome(null, null, 0, 0, 0, 0, null),
            1 => new ChangesOutcome(null, null, 0, 0, 0, 0, "too much"),
            _ => new ChangesOutcome(Digest.Of(bytes), set.DiffSha256, 10, 1, 1, 0, null),
        };
        return (outcome, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty.Add(ChangesOutcome.ChangesName, bytes));
    }

    private static AdapterSpec Adapter(string id, AdapterKind kind, Random random) => new()
    {
        AdapterId = id,
        Kind = kind,
        Sandbox = SandboxLevel.None,
        Command = ["work"],
        Pinned = [],
        Inherit = [],
        Headers = ImmutableSortedDictionary<string, string>.Empty,
        Concurrency = random.Next(1, 3),
        CircuitBreaker = new BreakerSettings(random.Next(1, 4), 1_000, random.Next(1, 3)),
        Retry = new RetrySettings(random.Next(1, 4), new BackOff(BackOffGrowth.Exponential, 100, 1_000, Jitter: true))
        {
            OnAcceptance = id == "second",
        },
        SuccessCodes = [0],
        HealthCheck = kind == AdapterKind.Process && random.Next(2) == 0 ? new HealthCheck(["check"], null, 1_000, 60_000) : null,
        ReminderMs = kind == AdapterKind.Manual ? 5_000 : null,
    };

    private static TaskSpec Task(int number, Random random)
    {
        var isManual = random.Next(6) == 0;
        var tests = Enumerable.Range(0, random.Next(1, 4)).Select(i => new AcceptanceTest
        {
            Name = $"test{i}",
            Kind = "unit",
            Command = ["test"],
            Caps = Caps,
            Required = i == 0 || random.Next(2) == 0,
            Parse = ReportFormat.ExitCode,
            Parallel = random.Next(2) == 0,
            Sandbox = SandboxLevel.None,
            Inherit = [],
        });
        return new TaskSpec
        {
            TaskId = $"t{number}",
            Title = $"Task {number}",
            Kind = "fix",
            Priority = random.Next(3),
            DependsOn = [.. Enumerable.Range(0, number).Where(_ => random.Next(4) == 0).Select(i => $"t{i}")],
            Command = [],
            WorkingTree = random.Next(4) == 0 ? null : "/project/tree",
            FileScope = new FileScope([Scopes[random.Next(Scopes.Length)], Scopes[random.Next(Scopes.Length)]], []),
            AcceptanceTests = [.. isManual && random.Next(2) == 0 ? [] : tests],
            Caps = Caps,
            MaxAttempts = random.Next(1, 4),
            RetrySafe = random.Next(2) == 0,
            AdapterIds = isManual ? ["person"] : random.Next(2) == 0 ? ["first", "second"] : ["second"],
            Bodies = ImmutableSortedDictionary<string, Digest>.Empty,
            Context = number % 3 == 0 ? new TaskContext(["**"], 1_000) : null,
        };
    }

    private static ProcessCaps Caps => new() { TimeMs = 1_000, KillMs = 1_500, StdoutBytes = 10, StderrBytes = 10 };
}
