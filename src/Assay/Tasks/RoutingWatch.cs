using Assay.Engine;
using Assay.Inputs;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Ledger;

namespace Assay.Tasks;

/// <summary>A project whose runs a worker begins by itself, as soon as they are routed.</summary>
/// <param name="Root">The project, which holds <c>.state</c>.</param>
/// <param name="AdaptersPath">Its adapters; null: the project's own file.</param>
public sealed record WatchedProject(string Root, string? AdaptersPath = null)
{
    /// <summary>Of which files a worker waits, where the project has no <c>.state</c> yet; null: it has.</summary>
    public string? Missing => Directory.Exists(Path.Combine(Root, Path.GetDirectoryName(TaskPaths.Queue)!))
        ? null
        : $"has no .state folder yet: a run begins there once it has {TaskPaths.Queue}, {TaskPaths.Routing} and adapters.json (or .yaml)";
}

/// <summary>
/// Begins the runs of projects when their routing says ROUTING_COMPLETE. What it finds wrong it says once for each state of the files.
/// </summary>
/// <param name="engine">Whose workspace it is.</param>
/// <param name="project">The project.</param>
/// <param name="jobs">How many tasks of a run at once.</param>
/// <param name="by">In whose name.</param>
/// <param name="tell">Is told of what cannot be begun or taken: the run, a word for it, and why.</param>
internal sealed class RoutingWatch(AssayEngine engine, WatchedProject project, int jobs, Actor by, Action<string, string, string> tell)
{
    /// <summary>A run that cannot begin as it is.</summary>
    public const string NotBegun = "NOT_BEGUN";

    /// <summary>What was changed is not taken by a run that is there.</summary>
    public const string NotTaken = "NOT_TAKEN";

    private static readonly string[] Names = [TaskPaths.Queue, TaskPaths.Routing, "adapters.json", "adapters.yaml", "adapters.yml"];

    private string? _seen;

    /// <summary>Takes what is there for known, and looks for what changes until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _seen ??= State();
        using var changes = new FolderChanges(Folders);
        while (!stop.IsCancellationRequested)
        {
            changes.Changed.Reset();
            await LookAsync();
            await changes.Changed.Task.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Begins the run that is routed, if it was not there when it was last looked.</summary>
    public async Task LookAsync()
    {
        var now = State();
        if (now == _seen) return;
        _seen = now;
        if (RoutedRun() is not { } runId) return;
        try
        {
            await BeginAsync(runId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LedgerException)
        {
            await TellAsync(runId, e.Message);
        }
    }

    private async Task BeginAsync(string runId)
    {
        var declare = TaskExecutor.Prepare(project.Root, runId, project.AdaptersPath, by);
        if (!declare.IsValid)
        {
            await TellAsync(runId, string.Join("; ", declare.Problems));
            return;
        }

        if (await ProjectClaim.TakeAsync(project.Root, engine.Workspace, engine.Time, takesOver: false) is { } claimed)
        {
            await TellAsync(runId, claimed.Text);
            return;
        }

        var commands = engine.Commands;
        if (await TaskExecutor.DeclareAsync(commands, declare.Value.Declare, firstOwner: null) is { } refusal)
        {
            await TellAsync(runId, refusal.Text);
            return;
        }

        // One that waits for somebody to work on it; to one that is under way it would say nothing new.
        var run = (ExecutionState)await commands.FindAsync(TaskLane.Instance, TaskLane.StreamOf(runId));
        if (run.Phase != ExecutionPhase.Idle) return;
        await commands.SubmitAsync(TaskLane.Instance, TaskLane.StreamOf(runId), new StartExecution(jobs, by));
    }

    private async Task TellAsync(string runId, string why)
    {
        var isThere = await engine.Workspace.Store.FindAsync(TaskLane.StreamOf(runId)) is not null;
        tell(runId, isThere ? NotTaken : NotBegun, why);
    }

    /// <summary>The run that is routed to its end; null while there is none.</summary>
    private string? RoutedRun()
    {
        var document = DocumentFile.ReadAny(Path.Combine(project.Root, TaskPaths.Routing)).Document;
        return document.IsValid && document.Value.Root is { ValueKind: System.Text.Json.JsonValueKind.Object } root
            && root.TryGetProperty("ROUTING_COMPLETE", out var complete) && complete.ValueKind == System.Text.Json.JsonValueKind.True
            && root.TryGetProperty("run_id", out var id) && id.ValueKind == System.Text.Json.JsonValueKind.String ? id.GetString() : null;
    }

    /// <summary>The files that a run is made of.</summary>
    private IEnumerable<string> Files => Names.Select(name => Path.Combine(project.Root, name)).Append(project.AdaptersPath).OfType<string>();

    /// <summary>Where they lie, if that is there already.</summary>
    private IEnumerable<string> Folders => Files.Select(p => Path.GetDirectoryName(Path.GetFullPath(p))!).Append(project.Root).Distinct(StringComparer.Ordinal);

    /// <summary>Their sizes and times.</summary>
    private string State() => string.Join('|', Files.Select(path => new FileInfo(path))
        .Select(file => file.Exists ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : ""));
}
