using System.Collections.Immutable;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Tests.Streams;

/// <summary>Processes begin only as far as there is room for what their caps say.</summary>
public sealed class HostRoomTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Workspace _workspace = null!;

    public async ValueTask InitializeAsync() => _workspace = await Workspace.OpenAsync(_folder.Under("w"), new LaneSet());

    public async ValueTask DisposeAsync()
    {
        await _workspace.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(100, 1000, 60, 1)] // two of them are more than there is
    [InlineData(100, 1000, 50, 2)]
    [InlineData(100, 3, 10, 3)] // room for ten by memory, for three by number
    [InlineData(100, 1000, 500, 1)] // more than there is: alone, but not never
    [InlineData(100, 1000, null, 6)] // what has no cap asks for nothing
    public async Task Never_more_run_at_once_than_there_is_room_for(long memory, int processes, int? each, int most)
    {
        await using var engine = await StartAsync(new HostRoom(processes, memory << 20));
        var lanes = Enumerable.Range(0, 2).Select(s => (Lane: new BatchLane([.. Enumerable.Range(0, 3).Select(i => Process($"{s}-{i}", each))]), Stream: StreamName.Of("batch", $"s{s}"))).ToList();
        foreach (var (lane, stream) in lanes) await engine.Commands.SubmitAsync(lane, stream, new DeclareBatch());
        var results = await Task.WhenAll(lanes.Select(l => engine.RunAsync(l.Lane, l.Stream, 8, CancellationToken.None)));
        Assert.All(results, r => Assert.Equal(3, ((BatchState)Assert.IsType<RunResult.Finished>(r).State).Judged.Count));
        var seen = MostAtOnce();
        Assert.InRange(seen, 1, most);
        if (most > 1) Assert.True(seen > 1, "what fits together ran one by one");
    }

    [Fact]
    public void What_is_large_is_not_passed_for_ever_by_what_is_small()
    {
        var room = new HostRoom(processes: 10, memoryBytes: 100 << 20);
        var (large, small) = (new RoomSeeker(new AsyncSignal()), new RoomSeeker(new AsyncSignal()));
        Assert.True(room.TryTake(small, Process("a", 50)));
        Assert.False(room.TryTake(large, Process("l", 80)));
        Assert.False(room.TryTake(small, Process("b", 50)), "a small one passed one that waits");
        room.Give(Process("a", 50));
        Assert.True(large.HasRoom.Task.IsCompleted);
        Assert.True(room.TryTake(large, Process("l", 80)));
        Assert.True(small.HasRoom.Task.IsCompleted, "who comes next was not told");
        Assert.False(room.TryTake(small, Process("b", 50)));
        room.Give(Process("l", 80));
        Assert.True(room.TryTake(small, Process("b", 50)));
    }

    [Fact]
    public void What_others_wait_for_takes_no_place_among_them()
    {
        var room = new HostRoom(processes: 1, memoryBytes: 100 << 20);
        var (first, second) = (new RoomSeeker(new AsyncSignal()), new RoomSeeker(new AsyncSignal()));
        room.Take(Process("a", null));
        Assert.False(room.TryTake(first, Process("b", null)));
        Assert.True(room.TryTake(second, Process("check", null) with { IsBeside = true }));
    }

    [Fact]
    public void Who_leaves_lets_those_behind_him_come()
    {
        var room = new HostRoom(processes: 10, memoryBytes: 100 << 20);
        var (first, second) = (new RoomSeeker(new AsyncSignal()), new RoomSeeker(new AsyncSignal()));
        room.Take(Process("a", 60));
        Assert.False(room.TryTake(first, Process("l", 80)));
        Assert.False(room.TryTake(second, Process("s", 40)));
        room.Leave(first);
        Assert.True(second.HasRoom.Task.IsCompleted);
        Assert.True(room.TryTake(second, Process("s", 40)));
    }

    [Fact]
    public async Task Who_waits_for_room_can_be_cancelled()
    {
        var room = new HostRoom(processes: 1, memoryBytes: 100 << 20);
        room.Take(Process("other", 1));
        await using var engine = await StartAsync(room);
        var lane = new BatchLane([Process("p", 1)]) { EndsWhenCancelled = true };
        var stream = StreamName.Of("batch", "s");
        await engine.Commands.SubmitAsync(lane, stream, new DeclareBatch());
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.IsType<RunResult.Finished>(await engine.RunAsync(lane, stream, 1, cancel.Token));
    }

    /// <summary>As the processes themselves wrote it down when they began and ended.</summary>
    private int MostAtOnce()
    {
        var (running, most) = (0, 0);
        foreach (var line in File.ReadAllLines(Log).Order(StringComparer.Ordinal))
        {
            running += line.EndsWith('+') ? 1 : -1;
            most = Math.Max(most, running);
        }

        return most;
    }

    private string Log => _folder.Under("log");

    private async Task<AssayEngine> StartAsync(HostRoom room)
    {
        var engine = await AssayEngine.StartAsync(_workspace, TimeProvider.System, lanes: new LaneSet(new BatchLane([])));
        engine.Room = room;
        return engine;
    }

    private RunProcess Process(string id, long? megabytes) => Process(id, Log, megabytes * (1 << 20));

    /// <summary>A process that writes down when it begins and ends.</summary>
    internal static RunProcess Process(string id, string log, long? memoryBytes) => new(id)
    {
        Command = ["/bin/sh", "-c", $"echo $(date +%s%N) + >> {log}; sleep 0.2; echo $(date +%s%N) - >> {log}"],
        Environment = ImmutableSortedDictionary<string, string>.Empty,
        Inherit = ["PATH"],
        RunRoot = $"roots/{id}",
        StdoutFile = $"logs/{id}.out",
        StderrFile = $"logs/{id}.err",
        Caps = new ProcessCaps { TimeMs = 30_000, KillMs = 31_000, StdoutBytes = 1024, StderrBytes = 1024, MemoryBytes = memoryBytes },
        Sandbox = SandboxLevel.None,
    };
}
