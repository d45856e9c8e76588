using System.Collections.Immutable;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger.Verification;
using Assay.Tests.Runner;

namespace Assay.Tests.Streams;

/// <summary>Whatever one effect throws is its own outcome; whatever else the engine runs goes on (ruling 38).</summary>
public sealed class EffectFailureTests : IAsyncLifetime
{
    private static readonly StreamName Stream = StreamName.Of("batch", "B");
    private static readonly Blob NoChanges = Blob.Of("no change set"u8.ToArray());

    private readonly TemporaryFolder _folder = new();
    private Workspace _workspace = null!;
    private readonly List<EngineNotice> _notices = [];

    public async ValueTask InitializeAsync() => _workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());

    /// <summary>For each effect one that makes its performer throw what nobody expects.</summary>
    private static Effect[] Throwing =>
    [
        Process("run", "a\0word"),
        new CollectFiles("collect") { From = ["../outside"], To = "to" },
        new RunChild("child") { Lane = "batch", Document = "x", ChildId = "C" },
        new ChildStream("command")
        {
            Stream = StreamName.Of("unanswering", "OTHER"),
            Command = new DeclareBatch(),
        },
        new CopyTree("copy") { From = "/a\0b", To = "copies" },
        new CaptureChanges("capture") { Folder = "a\0b", Origin = "/" },
        new ApplyChanges("apply") { Target = "tree", Changes = NoChanges.Sha256 },
        new PrepareCopy("prepare") { Folder = "a\0b", Changes = null },
        new PlaceCopy("place") { Folder = "a\0b", Name = "copy", Origin = "/" },
        new CheckCopy("check") { Folder = "a\0b", Name = "copy", Origin = "/" },
        new GatherContext("context") { Folder = "a\0b", Origin = "/", Globs = [], MaxBytes = 1 },
        new CallHttp("call") { Method = "NO METHOD", Url = "http://127.0.0.1:9/", TimeoutMs = 1000, ResponseFile = "answer" },
        new ReleaseCopies("release") { Folder = "a\0b", From = "/" },
        new RemoveFolders("remove") { Folders = ["a\0b"] },
    ];

    public async ValueTask DisposeAsync()
    {
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_each_effect_throws_is_its_own_outcome()
    {
        var kinds = typeof(Effect).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Effect)));
        Assert.Equal(kinds.Select(k => k.Name).Order(StringComparer.Ordinal), Throwing.Select(e => e.GetType().Name).Order(StringComparer.Ordinal));

        var outcomes = await RunAsync(new BatchLane([.. Throwing, Process("well", "exit 0")]));
        Assert.Equal(0, Assert.IsType<ProcessOutcome>(outcomes["well"]).ExitCode);
        foreach (var effect in Throwing)
        {
            var reason = Reason(outcomes[effect.Id]);
            Assert.False(string.IsNullOrEmpty(reason), $"{effect.Id} does not say why it failed: {outcomes[effect.Id]}");
            Assert.True(reason.Length <= 600, reason);
            Assert.DoesNotContain("   at ", reason, StringComparison.Ordinal);
            Assert.DoesNotContain(reason, char.IsControl);
        }
    }

    [Fact]
    public async Task What_a_process_printed_before_the_engine_failed_is_kept()
    {
        var fails = Process("fails", "echo seen") with { Collect = [null!] };
        var outcome = Assert.IsType<ProcessOutcome>((await RunAsync(new BatchLane([fails])))["fails"]);
        Assert.StartsWith("NullReferenceException: ", outcome.Problem, StringComparison.Ordinal);
        Assert.Equal((5, Digest.Of("seen\n")), (outcome.Stdout.SizeBytes, outcome.Stdout.Sha256));
        Assert.Equal([outcome.Stdout], outcome.Output);
    }

    [Fact]
    public async Task An_outcome_that_its_lane_cannot_judge_is_a_failure_with_the_reason()
    {
        var lane = new BatchLane([Process("hostile", "echo x"), Process("well", "exit 0")])
        {
            Judge = static report =>
            {
                if (report is EffectCompleted { Effect.Id: "hostile", Outcome: ProcessOutcome { ExitCode: 0 } }) throw new FormatException("no number");
            },
        };
        var outcomes = await RunAsync(lane);
        Assert.Contains("could not be recorded: FormatException: no number", Reason(outcomes["hostile"]), StringComparison.Ordinal);
        Assert.Equal(0, Assert.IsType<ProcessOutcome>(outcomes["well"]).ExitCode);
    }

    [Fact]
    public async Task An_outcome_that_no_event_can_hold_is_a_failure_with_the_reason()
    {
        var names = Enumerable.Range(0, 400).Select(i => new CollectedName($"{i:D3}{new string('x', 200)}", 1, Content: false)).ToImmutableArray();
        var outcomes = await RunAsync(new BatchLane([Process("hostile", "exit 0") with { Collect = names }, Process("well", "exit 0")]));
        Assert.Contains("EFFECT_FINISHED event would take", Reason(outcomes["hostile"]), StringComparison.Ordinal);
        Assert.Equal(0, Assert.IsType<ProcessOutcome>(outcomes["well"]).ExitCode);
    }

    [Fact]
    public async Task What_an_attempt_left_that_nobody_can_settle_is_a_failure_and_not_repeated()
    {
        var call = new CallHttp("call") { Method = "GET", Url = "http://127.0.0.1:9/", TimeoutMs = 1000, ResponseFile = "answer" };
        var lane = new BatchLane([call]);
        await new CommandHandler(_workspace, TimeProvider.System).SubmitAsync(lane, Stream, new DeclareBatch());
        await using var engine = await AssayEngine.StartAsync(_workspace, TimeProvider.System, lanes: new LaneSet(lane));
        var machine = await StreamLoad.OfAsync(_workspace.Store, lane, Stream);
        var pending = machine.Prepare(TimeProvider.System.GetUtcNow());
        await pending.StartEffectsAsync(1, engine.Session.Identity);
        await _workspace.Store.CommitAsync(pending.ToCommit(fence: null));

        // Where markers are kept is no folder any more, so nobody can tell whether the request had been sent.
        Directory.Delete(WorkspacePaths.Attempts(_workspace.Root), recursive: true);
        await File.WriteAllTextAsync(WorkspacePaths.Attempts(_workspace.Root), "");
        Assert.IsType<RunResult.Finished>(await engine.RunAsync(lane, Stream, 1, CancellationToken.None));
        Assert.Contains("what became of it cannot be found out", Reason((await OutcomesAsync(lane))["call"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_ends_nothing_and_is_written_when_it_can_be()
    {
        var lane = new BatchLane([Process("one", "exit 0"), Process("two", "exit 0")])
        {
            Files = static (state, recorded) => recorded.Body is EffectJudged
                ? [new DerivedFile(null, $"derived/{state.Judged.Count}", "text"u8.ToArray())]
                : [],
            Log = static (state, recorded) => recorded.Body is EffectJudged ? [Line(state.Judged.Count)] : [],
        };
        Directory.CreateDirectory(Path.Combine(_workspace.Root, "derived", "1"));
        Directory.CreateDirectory(Path.Combine(_workspace.Root, "lines"));
        await RunAsync(lane, concurrency: 1);
        Assert.Contains(_notices, n => n is FileNotWritten { Path: var path } && path.EndsWith("derived/1", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(_workspace.Root, "derived", "2")));
        Assert.True((await _workspace.Store.FindAsync(Stream))!.MirroredTo < (await _workspace.Store.FindAsync(Stream))!.Head.Version);

        Directory.Delete(Path.Combine(_workspace.Root, "derived", "1"));
        Directory.Delete(Path.Combine(_workspace.Root, "lines"));
        await RunAsync(lane);
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(_workspace.Root, "derived", "1")));
        Assert.Equal("1\n2\n", await File.ReadAllTextAsync(Path.Combine(_workspace.Root, "lines")));
        Assert.Equal((await _workspace.Store.FindAsync(Stream))!.Head.Version, (await _workspace.Store.FindAsync(Stream))!.MirroredTo);
    }

    [Fact]
    public async Task A_stream_goes_on_behind_lines_of_another_wording_and_what_was_lost_comes_back_as_it_was()
    {
        BatchLane Worded(string word, params Effect[] effects) => new(effects)
        {
            Log = (state, recorded) => recorded.Body is EffectJudged ? [new LogLine(null, "lines", System.Text.Encoding.UTF8.GetBytes($"{word} {state.Judged.Count}\n"))] : [],
        };

        await RunAsync(Worded("one", Process("a", "exit 0")));
        var longer = Worded("a longer one", Process("a", "exit 0"), Process("b", "exit 0"));
        await RunAsync(longer);
        var file = Path.Combine(_workspace.Root, "lines");
        Assert.Equal("one 1\na longer one 2\n", await File.ReadAllTextAsync(file));
        var other = Worded("another");
        Assert.Empty((await new LedgerVerifier(_workspace.Store, new LaneSet(other), _workspace.Mirror).VerifyAsync()).Problems);
        await File.WriteAllTextAsync(file, "one 1\na longer one 3\n");
        Assert.Single((await new LedgerVerifier(_workspace.Store, new LaneSet(other), _workspace.Mirror).VerifyAsync()).Problems);
    }

    [Fact]
    public async Task A_watcher_that_throws_ends_nothing()
    {
        var outcomes = await RunAsync(new BatchLane([Process("well", "echo seen") with { Live = true }]), observer: static _ => throw new IOException("the log is full"));
        Assert.Equal(0, Assert.IsType<ProcessOutcome>(outcomes["well"]).ExitCode);
    }

    private static LogLine Line(int number) => new(null, "lines", System.Text.Encoding.ASCII.GetBytes($"{number}\n"));

    private static RunProcess Process(string id, string shellText) => new(id)
    {
        Command = ["/bin/sh", "-c", shellText],
        Environment = ImmutableSortedDictionary<string, string>.Empty,
        Inherit = ["PATH"],
        RunRoot = $"runs/{id}",
        StdoutFile = $"out/{id}.stdout",
        StderrFile = $"out/{id}.stderr",
        Caps = ProcessHarness.Caps,
        Sandbox = SandboxLevel.None,
    };

    private async Task<IReadOnlyDictionary<string, EffectOutcome>> RunAsync(BatchLane lane, int concurrency = 32, Action<EngineNotice>? observer = null)
    {
        await using var engine = await AssayEngine.StartAsync(_workspace, TimeProvider.System, lanes: new LaneSet(lane));
        using var watching = engine.Watch(observer ?? (notice =>
        {
            lock (_notices) _notices.Add(notice);
        }));
        engine.OnChild(static (_, _) => throw new InvalidCastException("hostile"));
        if (await _workspace.Store.FindAsync(Stream) is null) await engine.Commands.SubmitAsync(lane, Stream, new DeclareBatch(NoChanges));
        Assert.IsType<RunResult.Finished>(await engine.RunAsync(lane, Stream, concurrency, CancellationToken.None));
        return await OutcomesAsync(lane);
    }

    private async Task<IReadOnlyDictionary<string, EffectOutcome>> OutcomesAsync(BatchLane lane) =>
        (await _workspace.Store.ReadAsync(Stream, 0)).Select(stored => EventEnvelope.Open(stored.Bytes, lane.Events).Body).OfType<EffectFinished>().ToDictionary(f => f.EffectId, f => f.Outcome, StringComparer.Ordinal);

    private static string? Reason(EffectOutcome outcome) => outcome switch
    {
        ProcessOutcome run => run.ExitCode is null ? run.NoEnd : null,
        FilesOutcome files => files.Complete ? null : files.Files[0].Problem,
        AnswerOutcome { Answer: var answer } => answer.NotDone,
        CopyOutcome copy => copy.Problem,
        ChangesOutcome changes => changes.Problem,
        CheckOutcome check => check.Problem,
        ContextOutcome context => context.Problem,
        ApplyOutcome apply => apply.Applied ? null : apply.Problem,
        HttpOutcome http => http.Status is null ? http.Problem : null,
        _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
    };
}
