using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;
using Assay.Server.Api;
using Assay.Server.Api.Events;
using Assay.Server.Api.Jobs;
using Assay.Tasks;

namespace Assay.Tests;

/// <summary>Who listens to a stream gets all of it, and it is folded once for all of them.</summary>
public sealed class EventHubTests
{
    private static readonly RecordedEvents Runs =
        new(TaskModule.Record, Inputs.Absent.Run, new Dictionary<string, string[]>(StringComparer.Ordinal));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_clients_get_the_same_events_of_a_job_that_is_folded_once()
    {
        using var folder = new JobFolder().Write();
        var id = await folder.SubmitAsync();
        await using var workspace = await Workspace.OpenAsync(folder.Under(".assay"), KnownLanes.All);
        await using var tail = await StreamTail.OpenAsync(workspace.Store);
        var hub = new EventHub(workspace.Store, tail);
        var source = new JobEvents(workspace.Store);
        await using var one = new Client(hub, source, id, 0);
        await using var two = new Client(hub, source, id, 0);
        await Task.WhenAll(one.UntilAsync("BLUEPRINT_SUBMITTED"), two.UntilAsync("BLUEPRINT_SUBMITTED"));

        await folder.WorkAsync();
        await Task.WhenAll(one.UntilAsync("WAITING_APPROVAL"), two.UntilAsync("WAITING_APPROVAL"));
        Assert.Equal(folder.Lines(id), one.Told.Select(e => e.Data));
        Assert.Equal(one.Told, two.Told);
        Assert.Equal((await workspace.Store.FindAsync(JobLane.StreamOf(id)))!.Head.Version, hub.FoldedOf(JobLane.StreamOf(id)));
    }

    [Fact]
    public async Task Who_comes_again_gets_first_what_he_missed_however_long_ago()
    {
        using var folder = new TemporaryFolder();
        await using var run = await RecordedRun.OpenAsync(folder.Path);
        await using var tail = await StreamTail.OpenAsync(run.Workspace.Store);
        var hub = new EventHub(run.Workspace.Store, tail);
        await run.CommitAsync(new ExecutionResumed("first"));
        await using var stays = new Client(hub, Runs, RecordedRun.RunId, 0);
        await stays.UntilVersionAsync(1);
        await run.CommitAsync(Enumerable.Range(0, 700).Select(i => new ExecutionResumed($"{i}")));
        await stays.UntilVersionAsync(701);

        foreach (var seen in new long[] { 0, 3, 690, 701 })
        {
            await using var again = new Client(hub, Runs, RecordedRun.RunId, seen);
            var last = await run.CommitAsync(new ExecutionResumed("one more"));
            await again.UntilVersionAsync(last);
            Assert.Equal(Enumerable.Range((int)seen + 1, (int)(last - seen)), again.Told.Select(e => (int)e.Version));
        }

        // The first event was there before anybody listened, and needs no fold.
        await stays.UntilVersionAsync(705);
        Assert.Equal(704, hub.FoldedOf(TaskLane.StreamOf(RecordedRun.RunId)));
    }

    [Fact]
    public async Task A_client_that_takes_no_more_is_cut_off_and_holds_up_nobody()
    {
        using var folder = new TemporaryFolder();
        await using var run = await RecordedRun.OpenAsync(folder.Path);
        await using var tail = await StreamTail.OpenAsync(run.Workspace.Store);
        var hub = new EventHub(run.Workspace.Store, tail);
        await run.CommitAsync(new ExecutionResumed("first"));
        await using var slow = new Client(hub, Runs, RecordedRun.RunId, 0, takesAtMost: 1);
        await using var quick = new Client(hub, Runs, RecordedRun.RunId, 0);
        await Task.WhenAll(slow.UntilVersionAsync(1), quick.UntilVersionAsync(1));
        var last = await run.CommitAsync(Enumerable.Range(0, 2 * Listener.MaxWaiting).Select(i => new ExecutionResumed($"{i}")));
        await quick.UntilVersionAsync(last);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow.Following.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        Assert.False(quick.Following.IsCompleted);
        Assert.Equal(last, quick.Told.Count);
    }

    [Fact]
    public async Task What_takes_many_rows_is_read_once_a_commit()
    {
        using var folder = new TemporaryFolder();
        await using var run = await RecordedRun.OpenAsync(folder.Path);
        await using var server = await Workspace.OpenAsync(folder.Path, KnownLanes.All);
        using var kept = new OncePerCommit<long>(server.Store, async () => await server.Store.CountEventsAsync());
        Assert.Equal((0, 0, 1), (await kept.ValueAsync(), await kept.ValueAsync(), kept.Reads));
        await run.CommitAsync(new ExecutionResumed("another process"));
        Assert.Equal((1, 1, 2), (await kept.ValueAsync(), await kept.ValueAsync(), kept.Reads));
    }

    private sealed class Client : IEventClient, IAsyncDisposable
    {
        private readonly CancellationTokenSource _gone = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        private readonly List<FeedEvent> _told = [];
        private readonly SemaphoreSlim _came = new(0);

        private readonly int _takesAtMost;

        public Client(EventHub hub, IEventSource source, string id, long seen, int takesAtMost = int.MaxValue)
        {
            _takesAtMost = takesAtMost;
            Following = Task.Run(() => hub.FollowAsync(source, id, seen, this, _gone.Token));
        }

        public Task Following { get; }

        public IReadOnlyList<FeedEvent> Told
        {
            get
            {
                lock (_told) return [.. _told];
            }
        }

        public async Task SendAsync(FeedEvent told, CancellationToken end)
        {
            if (Told.Count == _takesAtMost) await Task.Delay(Timeout.Infinite, end);
            lock (_told) _told.Add(told);
            _came.Release();
        }

        public Task StillHereAsync(CancellationToken end) => Task.CompletedTask;

        public Task UntilAsync(string type) => UntilAsync(e => e.Type == type);

        public Task UntilVersionAsync(long version) => UntilAsync(e => e.Version >= version);

        public async ValueTask DisposeAsync()
        {
            await _gone.CancelAsync();
            await ((Task)Following.ContinueWith(_ => { }, TaskScheduler.Default));
            _gone.Dispose();
            _came.Dispose();
        }

        private async Task UntilAsync(Func<FeedEvent, bool> wanted)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            deadline.CancelAfter(TimeSpan.FromSeconds(30));
            while (!Told.Any(wanted)) await _came.WaitAsync(deadline.Token);
        }
    }
}
