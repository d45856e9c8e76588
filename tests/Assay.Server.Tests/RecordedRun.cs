using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;
using Assay.Ledger;

namespace Assay.Tests;

/// <summary>A stream of a run of tasks, into which a test writes as a process of its own.</summary>
internal sealed class RecordedRun : IAsyncDisposable
{
    public const string RunId = "night";

    private StreamHead _head = StreamHead.Empty(TaskLane.StreamOf(RunId));

    private RecordedRun(Workspace workspace) => Workspace = workspace;

    public Workspace Workspace { get; }

    public static async Task<RecordedRun> OpenAsync(string workspace) => new(await Workspace.OpenAsync(workspace, KnownLanes.All));

    /// <summary>Commits rows of a lane's table, with an event.</summary>
    public async Task CommitAsync(IReadOnlyList<LaneRow> rows)
    {
        await WorkspaceTables.ReadyAsync(Workspace);
        await CommitAsync(new ExecutionResumed("rows"), rows);
    }

    /// <summary>Commits events one after the other, each in a commit of its own; the last version.</summary>
    public async Task<long> CommitAsync(params IEnumerable<Event> events)
    {
        foreach (var next in events) await CommitAsync(next, []);
        return _head.Version;
    }

    private async Task CommitAsync(Event next, IReadOnlyList<LaneRow> rows)
    {
        var stream = TaskLane.StreamOf(RunId);
        var chain = EventEnvelope.Seal(stream, _head, [next], DateTimeOffset.UtcNow, TaskLane.Instance.Events);
        var result = await Workspace.Store.CommitAsync(new Commit([new StreamAppend(stream, _head, chain)]) { Rows = rows });
        Assert.IsType<CommitResult.Committed>(result);
        _head = chain[^1].Head;
    }

    public ValueTask DisposeAsync() => Workspace.DisposeAsync();
}
