using System.Collections.Concurrent;
using System.Diagnostics;
using Assay.Engine;
using Assay.Engine.Native;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Tests.Streams;

/// <summary>What a worker of several lanes promises.</summary>
public sealed class WorkerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private Workspace _workspace = null!;
    private readonly ConcurrentQueue<StreamName> _advanced = new();

    public async ValueTask InitializeAsync() => _workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());

    public async ValueTask DisposeAsync()
    {
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Lanes_take_turns_and_within_one_what_has_waited_longest_comes_first()
    {
        for (var i = 1; i <= 4; i++) await DeclareAsync("batch", $"b{i}");
        for (var i = 1; i <= 2; i++) await DeclareAsync("other", $"o{i}");
        await using var engine = await StartAsync();
        await engine.NewWorker(Lanes(engine), concurrency: 1, static _ => { }).RunAsync(once: true, default, default);
        var order = _advanced.Select(s => s.Id).ToList();
        Assert.Equal(["b1", "b2", "b3", "b4"], order.Where(o => o[0] == 'b'));
        Assert.Equal(["o1", "o2"], order.Where(o => o[0] == 'o'));
        Assert.True(order.IndexOf("o2") <= 3, $"a lane waited for all of the other one: {string.Join(' ', order)}");
    }

    [Fact]
    public async Task Within_a_lane_the_most_urgent_comes_first()
    {
        var urgent = new BatchLane([]) { Priority = -1 };
        await DeclareAsync("batch", "b1");
        await DeclareAsync("batch", "b2");
        await new CommandHandler(_workspace, TimeProvider.System).SubmitAsync(urgent, StreamName.Of("batch", "b3"), new DeclareBatch());
        await using var engine = await StartAsync();
        await engine.NewWorker(Lanes(engine), concurrency: 1, static _ => { }).RunAsync(once: true, default, default);
        Assert.Equal(["b3", "b1", "b2"], _advanced.Select(s => s.Id));
    }

    [Fact]
    public async Task A_claim_of_which_its_lane_makes_no_use_is_given_back()
    {
        await DeclareAsync("batch", "b1");
        await using var engine = await StartAsync();
        var served = new ServedLane(new BatchLane([]), async (stream, _, _) =>
        {
            Assert.Equal(engine.Session.Identity.Id, (await _workspace.Store.FindAsync(stream))!.Owner);
            throw new InvalidOperationException("hostile");
        });
        await engine.NewWorker([served], concurrency: 1, static _ => { }).RunAsync(once: true, default, default);
        var info = (await _workspace.Store.FindAsync(StreamName.Of("batch", "b1")))!;
        Assert.Null(info.Owner);
        Assert.InRange(info.WakeIn!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_is_declared_while_it_waits_is_advanced_at_once()
    {
        await using var engine = await StartAsync();
        using var stop = new CancellationTokenSource();
        var worker = engine.NewWorker(Lanes(engine), concurrency: 2, static _ => { }).RunAsync(once: false, default, stop.Token);

        // In another process, as far as the store can tell.
        await using var other = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());
        for (var i = 1; i <= 5; i++)
        {
            await DeclareAsync("batch", $"b{i}", other);
            Assert.True(SpinWait.SpinUntil(() => _advanced.Count == i, Patience), $"b{i} was not advanced");
        }

        await stop.CancelAsync();
        await worker;
    }

    [Fact]
    public async Task What_a_dead_worker_owned_goes_on_without_waiting_for_its_lease()
    {
        await DeclareAsync("batch", "b1");
        var dead = new WorkerSession("dead", Environment.MachineName, SessionProcess.BootId, int.MaxValue, 1);
        await _workspace.Store.OpenSessionAsync(dead, TimeSpan.FromHours(1));
        await _workspace.Store.ClaimAsync(StreamName.Of("batch", "b1"), "dead");
        await using var engine = await StartAsync();
        await engine.NewWorker(Lanes(engine), concurrency: 1, static _ => { }).RunAsync(once: true, default, default);
        Assert.Equal(["b1"], _advanced.Select(s => s.Id));
    }

    [Fact]
    public async Task What_a_worker_owned_goes_on_the_moment_it_is_killed()
    {
        await DeclareAsync("batch", "b1");
        using var process = Process.Start("sleep", "600");
        var start = ProcFs.Read(process.Id)!.Value.StartTicks;
        await _workspace.Store.OpenSessionAsync(new WorkerSession("other", Environment.MachineName, SessionProcess.BootId, process.Id, start), TimeSpan.FromHours(1));
        await _workspace.Store.ClaimAsync(StreamName.Of("batch", "b1"), "other");

        // By a clock that stands still, so that no look of its own finds it out.
        await using var engine = await StartAsync(new StillTime());
        using var stop = new CancellationTokenSource();
        var worker = engine.NewWorker(Lanes(engine), concurrency: 1, static _ => { }).RunAsync(once: false, default, stop.Token);
        Assert.True(SpinWait.SpinUntil(static () => HasProcessHandle(), Patience), "the other worker is not watched");
        Assert.Empty(_advanced);
        process.Kill();
        Assert.True(SpinWait.SpinUntil(() => !_advanced.IsEmpty, Patience), "b1 was not advanced");
        await stop.CancelAsync();
        await worker;
    }

    [Fact]
    public async Task A_stream_that_cannot_be_advanced_keeps_no_other_from_it()
    {
        await DeclareAsync("batch", "bad");
        await DeclareAsync("batch", "good");
        await using var engine = await StartAsync();
        var lane = new BatchLane([]);
        var told = new List<WorkerNotice>();
        var served = new ServedLane(lane, (stream, cancel, drain) => stream.Id == "bad"
            ? Fail(stream)
            : engine.RunAsync(lane, stream, 1, cancel, drain));
        await engine.NewWorker([served], concurrency: 1, told.Add).RunAsync(once: true, default, default);
        Assert.Equal(["bad", "good"], told.Select(t => t.Stream.Id).Order(StringComparer.Ordinal));
        Assert.IsType<WorkerNotice.NotAdvanced>(told.Single(t => t.Stream.Id == "bad"));

        async Task<RunResult> Fail(StreamName stream)
        {
            // As an engine leaves a stream that it could not advance: due again after a while.
            var claim = ((ClaimResult.Granted)await _workspace.Store.ClaimAsync(stream, engine.Session.Identity.Id)).Claim;
            await _workspace.Store.ReleaseAsync(claim, 1, TimeSpan.FromHours(1));
            throw new InvalidOperationException("hostile");
        }
    }

    [Fact]
    public async Task Who_drains_begins_nothing_more_and_lets_what_runs_come_to_its_end()
    {
        await DeclareAsync("batch", "b1");
        await DeclareAsync("batch", "b2");
        await using var engine = await StartAsync();
        using var drain = new CancellationTokenSource();
        var ended = false;
        var served = new ServedLane(new BatchLane([]), async (stream, _, drained) =>
        {
            _advanced.Enqueue(stream);
            await drain.CancelAsync();
            Assert.True(drained.IsCancellationRequested);
            await Task.Delay(50, CancellationToken.None);
            ended = true;
            return new RunResult.Drained(new object());
        });
        await engine.NewWorker([served], concurrency: 1, static _ => { }).RunAsync(once: false, default, drain.Token);
        Assert.True(ended);
        Assert.Single(_advanced);
    }

    private static bool HasProcessHandle() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Any(fd => new FileInfo(fd).LinkTarget is { } target && target.Contains("pidfd", StringComparison.Ordinal));

    private Task<AssayEngine> StartAsync(TimeProvider? time = null) =>
        AssayEngine.StartAsync(_workspace, time ?? TimeProvider.System, lanes: new LaneSet(new BatchLane([]), new BatchLane([]) { LaneName = "other" }));

    private IReadOnlyList<ServedLane> Lanes(AssayEngine engine) =>
    [
        .. new[] { new BatchLane([]), new BatchLane([]) { LaneName = "other" } }.Select(lane => new ServedLane(lane, (stream, cancel, drain) =>
        {
            _advanced.Enqueue(stream);
            return engine.RunAsync(lane, stream, 1, cancel, drain);
        })),
    ];

    private Task DeclareAsync(string lane, string id, Workspace? workspace = null) =>
        new CommandHandler(workspace ?? _workspace, TimeProvider.System).SubmitAsync(new BatchLane([]) { LaneName = lane }, StreamName.Of(lane, id), new DeclareBatch());

    private sealed class StillTime : TimeProvider
    {
        private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
