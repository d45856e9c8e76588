using System.Collections.Concurrent;
using System.Collections.Immutable;
using Assay.Engine.Gateways;
using Assay.Engine.Performers;
using Assay.Engine.Performers.Child;
using Assay.Engine.Performers.Files;
using Assay.Engine.Performers.Http;
using Assay.Engine.Performers.Process;
using Assay.Engine.Performers.Trees;
using Assay.Engine.Runner.Containment;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Ledger;

namespace Assay.Engine;

/// <summary>
/// The one part that touches the world: it owns streams under a lease, performs their lanes' effects, and records what came of them.
/// </summary>
public sealed class AssayEngine : IAsyncDisposable
{
    private readonly Dictionary<Type, IEffectPerformer> _performers = [];
    private readonly ConcurrentDictionary<StreamName, TaskCompletionSource> _running = new();
    private readonly Lazy<StreamTail> _tail;
    private ImmutableList<Action<EngineNotice>> _observers = [];
    private readonly ContainmentPool _containments;
    private readonly ProcessPerformer _processes;
    private readonly HttpPerformer _http;

    private AssayEngine(Workspace workspace, LaneSet lanes, EngineSession session, TimeProvider time, ContainmentMode? containment)
    {
        (Workspace, Lanes, Session, Time) = (workspace, lanes, session, time);
        Commands = new CommandHandler(workspace, time, Tell);
        _tail = new Lazy<StreamTail>(() => new StreamTail(workspace.Store));
        Markers = new AttemptMarkers(WorkspacePaths.Attempts(workspace.Root));
        _containments = new ContainmentPool(containment);
        _performers.Add(typeof(RunProcess), _processes = new ProcessPerformer(workspace, Markers, _containments, time, () => Gateways));
        _performers.Add(typeof(CollectFiles), new CollectPerformer(workspace));
        _performers.Add(typeof(CopyTree), new CopyPerformer(workspace));
        _performers.Add(typeof(CaptureChanges), new CapturePerformer(workspace));
        _performers.Add(typeof(ApplyChanges), new ApplyPerformer(workspace));
        _performers.Add(typeof(RemoveFolders), new RemovePerformer(workspace));
        _performers.Add(typeof(CallHttp), _http = new HttpPerformer(workspace, Markers, time));
        _performers.Add(typeof(ChildStream), new CommandPerformer(this));
    }

    public Workspace Workspace { get; }

    /// <summary>The lanes of this build, by whose streams a command may be put.</summary>
    public LaneSet Lanes { get; }

    public EngineSession Session { get; }

    public TimeProvider Time { get; }

    /// <summary>Opens ways to models for processes that have one; null: this program has none. To be set before anything runs.</summary>
    public IModelGateways? Gateways { get; set; }

    /// <summary>What the processes of this engine may take together. To be set before anything runs.</summary>
    public HostRoom Room { get; set; } = HostRoom.OfThisHost();

    /// <summary>How this engine holds processes and caps them.</summary>
    public ContainmentMode Containment => _containments.Mode;

    /// <summary>Takes commands for any stream of the workspace.</summary>
    public CommandHandler Commands { get; }

    /// <summary>Tells what is committed in the workspace, by whomever.</summary>
    public StreamTail Tail => _tail.Value;

    internal AttemptMarkers Markers { get; }

    /// <summary>Starts an engine on a workspace, which it does not own.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="time">The clock.</param>
    /// <param name="containment">How to hold processes; null: the best that the host offers.</param>
    /// <param name="lanes">The lanes by whose streams a command may be put; null: the workspace's.</param>
    public static async Task<AssayEngine> StartAsync(
        Workspace workspace, TimeProvider time, ContainmentMode? containment = null, LaneSet? lanes = null) =>
        new(workspace, lanes ?? workspace.Lanes, await EngineSession.OpenAsync(workspace.Store, time), time, containment);

    /// <summary>Teaches the engine to start children of a lane: what brings the named child to its end.</summary>
    public void OnChild(Func<RunChild, CancellationToken, Task<StreamAnswer>> run) => _performers[typeof(RunChild)] = new ChildPerformer(run);

    /// <summary>
    /// Owns a stream and advances it until its lane has nothing more to do, or waits for something from outside.
    /// </summary>
    /// <param name="lane">The stream's lane.</param>
    /// <param name="stream">The stream, which must have events.</param>
    /// <param name="concurrency">How many of its effects may be under way at once.</param>
    /// <param name="cancel">Ends what is under way and records that it was cancelled.</param>
    /// <param name="drain">Lets what is under way come to its end, and starts nothing more.</param>
    /// <returns>The lane's state at the end, or who owns the stream instead.</returns>
    public async Task<RunResult> RunAsync(ILane lane, StreamName stream, int concurrency, CancellationToken cancel, CancellationToken drain = default)
    {
        // A session may claim anew what it owns, so that two runners of one engine would fence each other.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_running.TryAdd(stream, ended)) return new RunResult.Owned(Session.Identity);
        try
        {
            return await new StreamRunner(this, lane, stream, concurrency, drain).RunAsync(cancel);
        }
        finally
        {
            _running.TryRemove(stream, out _);
            ended.SetResult();
        }
    }

    /// <summary>
    /// Calls for each thing that happens, from any thread. It must return soon; what it throws is dropped, so that watching never harms the
    /// work.
    /// </summary>
    /// <returns>What ends it.</returns>
    public IDisposable Watch(Action<EngineNotice> observer)
    {
        ImmutableInterlocked.Update(ref _observers, list => list.Add(observer));
        return new Watching(() => ImmutableInterlocked.Update(ref _observers, list => list.Remove(observer)));
    }

    /// <summary>Ends when this engine works on a stream no more; at once when it does not.</summary>
    public Task LetGoAsync(StreamName stream) => _running.TryGetValue(stream, out var ended) ? ended.Task : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_tail.IsValueCreated) _tail.Value.Dispose();
        await Session.DisposeAsync();
        _processes.Dispose();
        _http.Dispose();
        _containments.Dispose();
        Markers.Dispose();
    }

    internal void Tell(EngineNotice notice)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer(notice);
            }
            catch (Exception)
            {
                // A log that cannot be written, a view that cannot be drawn: the record has it all.
            }
        }
    }

    /// <summary>A stream to which another puts a command, as it stands.</summary>
    internal StreamMachine OpenOther(StreamName stream) => Commands.Open(Lanes[stream], stream);

    internal IEffectPerformer Performer(Effect effect) => _performers.TryGetValue(effect.GetType(), out var performer)
        ? performer
        : throw new InvalidOperationException($"this host performs no {effect.GetType().Name}");

    private sealed class Watching(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

/// <summary>How <see cref="AssayEngine.RunAsync"/> ended.</summary>
public abstract record RunResult
{
    private RunResult()
    {
    }

    /// <summary>The lane has finished.</summary>
    public sealed record Finished(object State) : RunResult;

    /// <summary>The lane waits for something from outside.</summary>
    public sealed record Waiting(object State, Work.Wait For) : RunResult;

    /// <summary>There is more to do, which is left to another engine or a later time.</summary>
    public sealed record Drained(object State) : RunResult;

    /// <summary>Another engine owns the stream, or another runner of this one.</summary>
    public sealed record Owned(WorkerSession By) : RunResult;
}
