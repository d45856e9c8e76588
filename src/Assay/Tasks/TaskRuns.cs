using System.Collections.Concurrent;
using Assay.Engine;
using Assay.Engine.Streams;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;
using Assay.Observe;

namespace Assay.Tasks;

/// <summary>
/// Brings on runs of tasks in an engine: each with its logs and its telemetry, and with the health checks of its adapters, which are made
/// once before it begins and go on until it has finished.
/// </summary>
internal sealed class TaskRuns(AssayEngine engine) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<StreamName, OpenRun> _open = new();
    private readonly ConcurrentDictionary<string, bool> _projects = new(StringComparer.Ordinal);
    private readonly TaskTelemetry _telemetry = new(engine.Workspace, engine.Time);

    /// <summary>The lanes that a worker serves for them.</summary>
    /// <param name="only">The runs; null: all that are due.</param>
    public IReadOnlyList<ServedLane> Served(IReadOnlyList<StreamName>? only) =>
    [
        new(TaskLane.Instance, AdvanceAsync) { Only = only is null ? null : () => only, First = only ?? [] },
        new(AdapterLane.Instance, CheckAsync) { Only = () => _open.Values.SelectMany(r => r.Adapters).Distinct(), IsBeside = true },
    ];

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _open.Values) run.Dispose();
        await _telemetry.DisposeAsync();
    }

    /// <summary>Brings a run as far as it goes now.</summary>
    public async Task<RunResult> AdvanceAsync(StreamName stream, CancellationToken cancel, CancellationToken drain)
    {
        var state = (ExecutionState)(await StreamLoad.OfAsync(engine.Workspace.Store, TaskLane.Instance, stream)).State;
        await HaveAsync(state.Declared.ProjectRoot);
        if (!_open.ContainsKey(stream))
        {
            await PublishAsync(state);
            var run = _open.GetOrAdd(stream, new OpenRun(engine, _telemetry, stream, state));
            await Task.WhenAll(run.Adapters.Select(a => FirstCheckAsync(a, cancel, drain)));
        }

        // Copies, captures and reports go on beside the tasks that hold the slots.
        var room = (state.Jobs * 4) + 16;
        var result = await engine.RunAsync(TaskLane.Instance, stream, room, cancel, drain);
        if (result is RunResult.Waiting { State: ExecutionState left } && ExecutionResults.IsAtRest(left, engine.Time.GetUtcNow()))
        {
            await PublishAsync(left);
        }

        if (result is RunResult.Finished or RunResult.Owned && _open.TryRemove(stream, out var ended)) ended.Dispose();
        return result;
    }

    /// <summary>Puts a run's results into its project as they are now; the run itself does so at its end.</summary>
    public async Task PublishAsync(ExecutionState run)
    {
        var project = ProjectLane.StreamOf(run.Declared.ProjectId);
        await engine.Commands.SubmitAsync(ProjectLane.Instance, project, ExecutionResults.Publishing(run));

        // A file that changes is written by whoever brings its stream on.
        await engine.RunAsync(ProjectLane.Instance, project, concurrency: 1, CancellationToken.None);
    }

    /// <summary>Brings on what was asked for in a project.</summary>
    public async Task<RunResult> ChangeAsync(StreamName project, CancellationToken cancel, CancellationToken drain)
    {
        var state = (ProjectState)await engine.Commands.FindAsync(ProjectLane.Instance, project);
        if (state.Root is { } root) await HaveAsync(root);
        return await engine.RunAsync(ProjectLane.Instance, project, concurrency: 1, cancel, drain);
    }

    /// <summary>What is due in a project that another workspace has is left to that one.</summary>
    /// <exception cref="IOException">It has another workspace.</exception>
    private async Task HaveAsync(string projectRoot)
    {
        var claimed = _projects.ContainsKey(projectRoot)
            ? ProjectClaim.Problem(projectRoot, engine.Workspace.Root)
            : await ProjectClaim.TakeAsync(projectRoot, engine.Workspace, engine.Time, takesOver: false);
        if (claimed is not null) throw new IOException(claimed.Text);
        _projects.TryAdd(projectRoot, true);
    }

    private Task<RunResult> CheckAsync(StreamName adapter, CancellationToken cancel, CancellationToken drain) =>
        engine.RunAsync(AdapterLane.Instance, adapter, concurrency: 1, cancel, drain);

    /// <summary>
    /// What goes wrong with the checks of one adapter ends neither those of others nor the run, which says so itself when it meets the same
    /// trouble.
    /// </summary>
    private async Task FirstCheckAsync(StreamName adapter, CancellationToken cancel, CancellationToken drain)
    {
        if (await engine.Workspace.Store.FindAsync(adapter) is not { IsDue: true }) return;
        await ((Task)CheckAsync(adapter, cancel, drain)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await engine.LetGoAsync(adapter);
    }

    /// <summary>A run that this engine has begun to bring on.</summary>
    private sealed class OpenRun : IDisposable
    {
        private readonly TaskLogs _logs;
        private readonly TaskTrace _trace;
        private readonly IDisposable _watching;

        public OpenRun(AssayEngine engine, TaskTelemetry telemetry, StreamName stream, ExecutionState state)
        {
            Adapters = [.. state.Adapters.Values.Where(a => a.HealthCheck is not null).Select(a => AdapterLane.StreamOf(a.AdapterId))];
            _logs = new TaskLogs(stream, state, engine.Time);
            _trace = telemetry.Follow(state.Declared.RunId);
            _watching = engine.Watch(notice =>
            {
                _logs.Observe(notice);
                _trace.Observe(notice);
            });
        }

        /// <summary>Those that are checked.</summary>
        public IReadOnlyList<StreamName> Adapters { get; }

        public void Dispose()
        {
            _watching.Dispose();
            _trace.Dispose();
            _logs.Dispose();
        }
    }
}
