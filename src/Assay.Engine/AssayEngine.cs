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

namespace Assay.Engine;

/// <summary>
/// The one part that touches the world: it owns streams under a lease, performs their lanes' effects, and records what came of them.
/// </summary>
public sealed class AssayEngine : IAsyncDisposable
{
    private readonly Dictionary<Type, IEffectPerformer> _performers = [];
    private readonly ContainmentPool _containments;
    private readonly ProcessPerformer _processes;
    private readonly HttpPerformer _http;
    private readonly EngineParts _parts;
    private readonly StreamRuns _runs;

    private AssayEngine(Workspace workspace, LaneSet lanes, EngineSession session, TimeProvider time, ContainmentMode? containment)
    {
        var observers = new Observers();
        _parts = new EngineParts
        {
            Workspace = workspace,
            Lanes = lanes,
            Session = session,
            Time = time,
            Observers = observers,
            Commands = new CommandHandler(workspace, time, observers.Tell),
            Markers = new AttemptMarkers(WorkspacePaths.Attempts(workspace.Root)),
            Performers = _performers,
            LazyTail = new Lazy<Task<StreamTail>>(() => StreamTail.OpenAsync(workspace.Store)),
        };
        _runs = new StreamRuns(_parts);
        _containments = new ContainmentPool(containment);
        _processes = new ProcessPerformer(workspace, _parts.Markers, _containments, time, () => Gateways);
        _http = new HttpPerformer(workspace, _parts.Markers, time);
        _performers.Add(typeof(RunProcess), _processes);
        _performers.Add(typeof(CollectFiles), new CollectPerformer(workspace));
        _performers.Add(typeof(CopyTree), new CopyPerformer(workspace));
        _performers.Add(typeof(CaptureChanges), new CapturePerformer(workspace));
        _performers.Add(typeof(ApplyChanges), new ApplyPerformer(workspace));
        _performers.Add(typeof(PrepareCopy), new PreparePerformer(workspace));
        _performers.Add(typeof(PlaceCopy), new PlacePerformer(workspace));
        _performers.Add(typeof(CheckCopy), new CheckPerformer(workspace));
        _performers.Add(typeof(ReleaseCopies), new ReleasePerformer(workspace));
        _performers.Add(typeof(GatherContext), new ContextPerformer(workspace));
        _performers.Add(typeof(RemoveFolders), new RemovePerformer(workspace));
        _performers.Add(typeof(CallHttp), _http);
        _performers.Add(typeof(ChildStream), new CommandPerformer(_parts, _runs));
    }

    public Workspace Workspace => _parts.Workspace;

    /// <summary>The lanes of this build, by whose streams a command may be put.</summary>
    public LaneSet Lanes => _parts.Lanes;

    public EngineSession Session => _parts.Session;

    public TimeProvider Time => _parts.Time;

    /// <summary>Opens ways to models for processes that have one; null: this program has none. To be set before anything runs.</summary>
    public IModelGateways? Gateways { get; set; }

    /// <summary>What the processes of this engine may take together. To be set before anything runs.</summary>
    public HostRoom Room
    {
        get => _parts.Room;
        set => _parts.Room = value;
    }

    /// <summary>How this engine holds processes and caps them.</summary>
    public ContainmentMode Containment => _containments.Mode;

    /// <summary>Takes commands for any stream of the workspace.</summary>
    public CommandHandler Commands => _parts.Commands;

    /// <summary>Starts an engine on a workspace, which it does not own.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="time">The clock.</param>
    /// <param name="containment">How to hold processes; null: the best that the host offers.</param>
    /// <param name="lanes">The lanes by whose streams a command may be put; null: the workspace's.</param>
    public static async Task<AssayEngine> StartAsync(
        Workspace workspace, TimeProvider time, ContainmentMode? containment = null, LaneSet? lanes = null) =>
        new(workspace, lanes ?? workspace.Lanes, await EngineSession.OpenAsync(workspace.Store, time), time, containment);

    /// <summary>Teaches the engine to start children of a lane: what brings the named child to its end.</summary>
    public void OnChild(Func<RunChild, CancellationToken, Task<StreamAnswer>> run) =>
        _performers[typeof(RunChild)] = new ChildPerformer(run);

    /// <summary>
    /// Owns a stream and advances it until its lane has nothing more to do, or waits for something from outside.
    /// </summary>
    /// <param name="lane">The stream's lane.</param>
    /// <param name="stream">The stream, which must have events.</param>
    /// <param name="concurrency">How many of its effects may be under way at once.</param>
    /// <param name="cancel">Ends what is under way and records that it was cancelled.</param>
    /// <param name="drain">Lets what is under way come to its end, and starts nothing more.</param>
    /// <returns>The lane's state at the end, or who owns the stream instead.</returns>
    public Task<RunResult> RunAsync(
        ILane lane, StreamName stream, int concurrency, CancellationToken cancel, CancellationToken drain = default) =>
        _runs.RunAsync(lane, stream, concurrency, cancel, drain);

    /// <summary>A worker that has this engine advance whatever is due in the workspace.</summary>
    /// <param name="lanes">The lanes that it serves.</param>
    /// <param name="concurrency">How many streams at once.</param>
    /// <param name="told">Is told of each stream that was advanced, one at a time.</param>
    public Worker NewWorker(IReadOnlyList<ServedLane> lanes, int concurrency, Action<WorkerNotice> told) =>
        new(_parts, lanes, concurrency, told);

    /// <summary>
    /// Calls for each thing that happens, from any thread. It must return soon; what it throws is dropped, so that watching never harms the
    /// work.
    /// </summary>
    /// <returns>What ends it.</returns>
    public IDisposable Watch(Action<EngineNotice> observer) => _parts.Observers.Add(observer);

    /// <summary>Ends when this engine works on a stream no more; at once when it does not.</summary>
    public Task LetGoAsync(StreamName stream) => _runs.LetGoAsync(stream);

    public async ValueTask DisposeAsync()
    {
        if (_parts.LazyTail is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } tail }) await (await tail).DisposeAsync();
        await Session.DisposeAsync();
        _processes.Dispose();
        _http.Dispose();
        _containments.Dispose();
        _parts.Markers.Dispose();
    }
}
