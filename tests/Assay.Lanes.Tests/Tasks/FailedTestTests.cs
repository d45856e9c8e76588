using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Tests.Epochs;
using TestResult = Assay.Lanes.Tasks.TestResult;

namespace Assay.Tests.Tasks;

/// <summary>Tests that failed, and whoever tries again.</summary>
public sealed class FailedTestTests
{
    private const int Room = 64 << 10;

    private readonly Dictionary<Digest, byte[]> _ledger = [];

    [Theory]
    [InlineData(true, 3, true)]
    [InlineData(true, 1, false)]
    [InlineData(false, 3, false)]
    public void A_task_whose_tests_failed_is_tried_again_where_its_adapter_says_so_and_attempts_are_left(bool says, int attempts, bool isTriedAgain)
    {
        var fold = Attempt(Begun(says, attempts), 1, "wrong\n");
        Assert.Equal(isTriedAgain ? TaskPhase.Pending : TaskPhase.Failed, fold.As<ExecutionState>().Task("one").Phase);
        if (!isTriedAgain) return;
        fold = Attempt(Attempt(fold, 2, "wrong again\n"), 3, "wrong for ever\n");
        Assert.Equal(TaskPhase.Failed, fold.As<ExecutionState>().Task("one").Phase);
    }

    [Fact]
    public void The_next_attempt_is_told_what_failed_tests_printed_and_so_is_one_after_an_attempt_without_tests()
    {
        var fold = Attempt(Begun(true, 5), 1, "expected 2, got 3\n", "Traceback\n");
        fold = Granted(fold);
        var started = fold.As<ExecutionState>().Task("one");
        var given = Assert.IsType<RunProcess>(TaskEffects.ActOf(fold.As<ExecutionState>(), started));
        Assert.Equal("{run_root}/failed_tests.json", given.Environment["ASSAY_FAILED_TESTS"]);
        var told = Told(Assert.Single(given.Joined));
        Assert.Equal((1, "expected 2, got 3\n", "Traceback\n"), (told.GetProperty("exit_code").GetInt32(), told.GetProperty("stdout").GetString(), told.GetProperty("stderr").GetString()));

        // An attempt that does not come to its tests says nothing new of them.
        fold = Recorded(fold, TaskEffects.ActOf(fold.As<ExecutionState>(), started), Given.Outcome(7));
        Assert.Equal(TaskPhase.Pending, fold.As<ExecutionState>().Task("one").Phase);
        Assert.Equal("expected 2, got 3\n", Told(FailedTest.Given(fold.As<ExecutionState>().Task("one"), "x")).GetProperty("stdout").GetString());
        Assert.Equal("wrong\n", Told(FailedTest.Given(Attempt(fold, 3, "wrong\n").As<ExecutionState>().Task("one"), "x")).GetProperty("stdout").GetString());
    }

    [Fact]
    public void What_it_is_told_is_on_record_with_its_start()
    {
        var fold = Attempt(Begun(true, 3), 1, "wrong\n");
        var events = Granting(fold);
        var started = Assert.Single(events.OfType<TaskStarted>());
        Assert.Equal(fold.As<ExecutionState>().Task("one").FailedTests, started.FailedTests);
        Assert.Equal("attempt 2 by shell, told of a test that failed", TaskLog.Describe(started));
    }

    [Fact]
    public void A_change_that_failed_its_tests_is_kept_away_for_good_also_when_the_task_is_tried_again()
    {
        var state = Begun(true, 3).As<ExecutionState>();
        var task = state.Task("one") with { Standing = new TaskStanding.Testing(new TaskAttempt { Patch = TaskLaneTests.Patch() }, IsPrepared: true) };
        var after = state.With(task).Evolve(new RecordedEvent(9, Played.Now, new TaskRetried("one", "check: exit code 1", Played.Now, TaskLaneTests.Patch())));
        var moved = Assert.Single(after.FollowUps.Values.OfType<PatchFollowUp>());
        Assert.Equal([PatchState.Created, PatchState.Validated, PatchState.Applied, PatchState.Quarantined], moved.Through);
    }

    [Fact]
    public void What_was_spoiled_by_what_a_test_did_to_its_tree_is_told_too()
    {
        var result = new TestResult("check", true, false, 1, 0, "it changed the tree", [], 5);
        var blob = FailedTest.Of(Begun(true, 1).As<ExecutionState>().Task("one").Spec, result, null, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty);
        var told = JsonDocument.Parse(blob.Bytes).RootElement;
        Assert.Equal(("it changed the tree", JsonValueKind.Null), (told.GetProperty("reason").GetString(), told.GetProperty("exit_code").ValueKind));
    }

    [Fact]
    public void Only_the_last_of_each_output_is_kept_whole_characters_of_UTF_8_and_nothing_that_steers_a_terminal()
    {
        var stdout = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("€", 100_000)) + "the end\n");
        var told = Of(1, stdout, [0x1b, 0xff, (byte)'x', (byte)'\n']);
        Assert.EndsWith("€the end\n", told.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', told.Stdout);
        Assert.InRange(Encoding.UTF8.GetByteCount(told.Stdout), Room - 16, Room);
        Assert.Equal("\uFFFD\uFFFDx\n", told.Stderr);
        var noise = Of(1, [.. Enumerable.Repeat((byte)0xff, 1_000_000)], [.. Enumerable.Repeat((byte)'e', 1_000_000)]);
        Assert.InRange(Encoding.UTF8.GetByteCount(noise.Stdout) + Encoding.UTF8.GetByteCount(noise.Stderr), Room / 2, Room);
        var many = Of(16, [.. Enumerable.Repeat((byte)'a', 1_000_000)], []);
        Assert.Equal(Room / 16, many.Stdout.Length);
    }

    private static (string Stdout, string Stderr) Of(int tests, byte[] stdout, byte[] stderr)
    {
        var spec = TaskLaneTests.Declare().Tasks[0];
        spec = spec with { AcceptanceTests = [.. Enumerable.Range(0, tests).Select(i => Test($"t{i}"))] };
        var result = new TestResult("t0", true, false, 1, 1, "exit code 1", [], 5);
        var blob = FailedTest.Of(spec, result, Given.Outcome(1), Printed(stdout, stderr));
        var told = JsonDocument.Parse(blob.Bytes).RootElement;
        return (told.GetProperty("stdout").GetString()!, told.GetProperty("stderr").GetString()!);
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> Printed(byte[] stdout, byte[] stderr) => new() { ["stdout"] = stdout, ["stderr"] = stderr };

    private static AcceptanceTest Test(string name) => new()
    {
        Name = name,
        Kind = "unit",
        Command = ["t"],
        Caps = new ProcessCaps { TimeMs = 1, KillMs = 2, StdoutBytes = 1, StderrBytes = 1 },
        Required = true,
        Parse = ReportFormat.ExitCode,
        Parallel = false,
        Sandbox = SandboxLevel.None,
        Inherit = [],
    };

    /// <summary>A run of one task without a tree.</summary>
    private static LaneFold Begun(bool onAcceptance, int attempts)
    {
        var declare = TaskLaneTests.Declare();
        var adapter = declare.Adapters[0] with { Retry = declare.Adapters[0].Retry with { MaxAttempts = attempts, OnAcceptance = onAcceptance } };
        var task = declare.Tasks[0] with { MaxAttempts = 10, RetrySafe = true, AcceptanceTests = [Test("check")] };
        var fold = Decided(LaneFold.Of(TaskLane.Instance), declare with { Adapters = [adapter], Tasks = [task] });
        return Decided(fold, new StartExecution(1, new Actor("ada", "cli")));
    }

    /// <summary>An attempt from its permission to the end of its test, which fails.</summary>
    private LaneFold Attempt(LaneFold fold, int number, string stdout, string stderr = "")
    {
        if (fold.As<ExecutionState>().Task("one").Phase == TaskPhase.Pending) fold = Granted(fold);
        var state = fold.As<ExecutionState>();
        Assert.Equal(number, state.Task("one").Attempts);
        fold = Recorded(fold, TaskEffects.ActOf(state, state.Task("one")), Given.Outcome());
        state = fold.As<ExecutionState>();
        var printed = Printed(Encoding.UTF8.GetBytes(stdout), Encoding.UTF8.GetBytes(stderr));
        return Recorded(fold, TaskEffects.TestOf(state, state.Task("one"), state.Task("one").Spec.Test("check")), Given.Outcome(1), printed);
    }

    private LaneFold Granted(LaneFold fold) => Keep(fold, Granting(fold));

    private static IReadOnlyList<Event> Granting(LaneFold fold)
    {
        var ask = TaskEffects.AskPermit(fold.As<ExecutionState>(), fold.As<ExecutionState>().Task("one"), "shell");
        var answer = new AnswerOutcome(AdapterLane.StreamOf("shell"), new PermitAnswer(PermitStatus.Allowed, null, null, null));
        return fold.Began(ask.Id).Ended(ask.Id, answer).Judge(ask, answer, []);
    }

    private LaneFold Recorded(LaneFold fold, Effect effect, EffectOutcome outcome, Dictionary<string, ReadOnlyMemory<byte>>? evidence = null)
    {
        var ended = fold.Began(effect.Id).Ended(effect.Id, outcome);
        return Keep(ended, ended.Judge(effect, outcome, evidence ?? []));
    }

    private LaneFold Keep(LaneFold fold, IReadOnlyList<Event> events)
    {
        foreach (var blob in events.SelectMany(e => e.Attached ?? [])) _ledger[blob.Sha256] = blob.Bytes.ToArray();
        return fold.After(events);
    }

    private static LaneFold Decided(LaneFold fold, Command command) => fold.After(Assert.IsType<Decision.Accepted>(fold.Decide(command)).Events);

    /// <summary>The only test of a document that keeps its contract.</summary>
    private JsonElement Told(JoinedDocument document)
    {
        var root = JsonDocument.Parse(document.Bytes(_ledger.GetValueOrDefault)!).RootElement;
        Assert.Empty(ContractCatalog.Validate("failed_tests_v1", root));
        return Assert.Single(root.GetProperty("tests").EnumerateArray());
    }
}
