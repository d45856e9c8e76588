using System.Threading.Channels;
using Assay.Engine;
using Assay.Engine.Gateways;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;
using Assay.Tasks;

namespace Assay;

/// <summary>How a worker works.</summary>
public sealed record WorkerOptions
{
    /// <summary>The lanes that it serves, by <see cref="KnownLanes.Names"/>; null: all.</summary>
    public IReadOnlyCollection<string>? Lanes { get; init; }

    /// <summary>How many streams, and how many processes, at once.</summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>Leave when nothing is due.</summary>
    public bool Once { get; init; }

    /// <summary>Projects whose runs of tasks begin by themselves as soon as they are routed.</summary>
    public IReadOnlyList<WatchedProject> Projects { get; init; } = [];

    /// <summary>In whose name they begin.</summary>
    public Actor By { get; init; } = new("worker", "assay worker");

    /// <summary>Opens the ways of agents to their models; null: there are none.</summary>
    public IModelGateways? Gateways { get; init; }
}

/// <summary>Serves the lanes of a workspace. Any number of workers share them: each stream has one owner at a time.</summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="options">How.</param>
/// <param name="onLine">Is told of each stream that was advanced until it waits or has ended, one at a time.</param>
public sealed class AssayWorker(Workspace workspace, TimeProvider time, WorkerOptions options, Action<WorkerLine> onLine)
{
    /// <summary>What is reported of a stream that the engine could not advance; it is tried again after a while.</summary>
    public const string NotAdvanced = "NOT_ADVANCED";

    private readonly Channel<WorkerLine> _lines = Channel.CreateUnbounded<WorkerLine>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<(string Lane, string Id), WorkerLine> _told = [];

    /// <summary>Whether a line says that something was left as it was, which a person has to see to.</summary>
    public static bool IsLeftBehind(WorkerLine line) =>
        line.State is NotAdvanced or FileNotWritten.Name or RoutingWatch.NotBegun or RoutingWatch.NotTaken;

    /// <summary>Works until there is nothing to do, or for ever.</summary>
    /// <param name="drain">Begins nothing more, lets what is under way come to its end, and leaves.</param>
    /// <exception cref="Ledger.LedgerException">The ledger failed, or this worker's lease was lost.</exception>
    public async Task RunAsync(CancellationToken drain)
    {
        await WorkspaceTables.ReadyAsync(workspace);
        await using var engine = await AssayEngine.StartAsync(workspace, time);
        engine.Gateways = options.Gateways;
        engine.Room = HostRoom.OfThisHost(options.Concurrency);
        using var watching = engine.Watch(notice =>
        {
            if (notice is EngineTrouble trouble) Write(new WorkerLine(ModuleOf(trouble.Stream).Name, trouble.Stream.Id, trouble.Word, Message: trouble.Text));
        });
        var open = new Stack<IAsyncDisposable>();
        var telling = Task.Run(TellAllAsync, CancellationToken.None);
        try
        {
            var modules = KnownLanes.Modules.Where(m => options.Lanes?.Contains(m.Name) != false);
            var setting = new WorkerSetting(engine, options.Concurrency, open.Push);
            var watches = options.Projects.Select(p => new RoutingWatch(engine, p, options.Concurrency, options.By, Refused)).ToList();
            foreach (var watch in watches) await watch.LookAsync();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(drain);
            var watched = options.Once ? [] : watches.Select(w => w.RunAsync(stop.Token)).ToList();
            var worker = engine.NewWorker([.. modules.SelectMany(m => m.Serve(setting))], options.Concurrency, Tell);
            await worker.RunAsync(options.Once, CancellationToken.None, drain);
            await stop.CancelAsync();
            await Task.WhenAll(watched);
        }
        finally
        {
            while (open.TryPop(out var last)) await last.DisposeAsync();
            _lines.Writer.TryComplete();
            await telling;
        }
    }

    private void Refused(string runId, string word, string why) => Write(new WorkerLine(TaskModule.Name, runId, word, Message: why));

    /// <summary>Lines come from the worker, from watches of projects and from streams that are under way, none of which waits for a reader.</summary>
    private void Write(WorkerLine line) => _lines.Writer.TryWrite(line);

    private async Task TellAllAsync()
    {
        await foreach (var line in _lines.Reader.ReadAllAsync()) onLine(line);
    }

    private void Tell(WorkerNotice notice)
    {
        var module = ModuleOf(notice.Stream);
        var line = notice switch
        {
            WorkerNotice.LetGo { Result: RunResult.Owned } => null,
            WorkerNotice.LetGo let => module.Line(notice.Stream, StateOf(let.Result)),
            WorkerNotice.NotAdvanced not => new WorkerLine(module.Name, notice.Stream.Id, NotAdvanced, Message: Words(not.Cause)),
            _ => throw new InvalidOperationException($"unknown notice {notice}"),
        };
        if (line is not null) TellNew(line);
        if (notice is WorkerNotice.LetGo { Result: RunResult.Finished }) _told.Remove((module.Name, notice.Stream.Id));
    }

    /// <summary>What stands as it stood is not told again: a stream may be looked at many times while it waits.</summary>
    private void TellNew(WorkerLine line)
    {
        if (_told.TryGetValue((line.Lane, line.Id), out var last) && last == line) return;
        _told[(line.Lane, line.Id)] = line;
        Write(line);
    }

    private static LaneModule ModuleOf(StreamName stream) => KnownLanes.Modules.First(m => m.Lanes.Any(l => l.Name == stream.Lane));

    private static object StateOf(RunResult result) => result switch
    {
        RunResult.Finished finished => finished.State,
        RunResult.Waiting waiting => waiting.State,
        RunResult.Drained drained => drained.State,
        _ => throw new InvalidOperationException($"unknown result {result}"),
    };

    private static string Words(Exception cause) => cause is IOException or UnauthorizedAccessException or Ledger.LedgerException
        ? cause.Message
        : $"this is a bug in Assay: {cause.Message}";
}
