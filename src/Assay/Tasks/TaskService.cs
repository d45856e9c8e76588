using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Assay.Access;
using Assay.Engine;
using Assay.Engine.Gateways;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Ledger;
using Assay.Native;
using Assay.Observe;

namespace Assay.Tasks;

/// <summary>
/// Runs, tasks, adapters and patches of one workspace, for a command line and pages: what people ask for, and what they see.
/// </summary>
public sealed class TaskService
{
    private const long MaxEvidenceBytes = 16 << 20;
    private const int MaxListed = 1_000;

    private readonly Workspace _workspace;
    private readonly TimeProvider _time;
    private readonly CommandHandler _commands;

    private TaskService(Workspace workspace, TimeProvider time) => (_workspace, _time, _commands) = (workspace, time, new CommandHandler(workspace, time));

    public static async Task<TaskService> OpenAsync(Workspace workspace, TimeProvider time)
    {
        await WorkspaceTables.ReadyAsync(workspace);
        return new TaskService(workspace, time);
    }

    /// <summary>The run that was worked on last; null when there is none.</summary>
    public async Task<string?> LatestRunAsync() => (await RunsAsync(1)).Select(r => r.Key).FirstOrDefault();

    /// <summary>Runs, the latest first (table <c>executions</c>).</summary>
    public async Task<IReadOnlyList<LaneRow>> RunsAsync(int limit) =>
        await _workspace.Store.RowsAsync(new RowQuery(TaskTables.Executions, "started_at", limit) { Descending = true });

    /// <summary>The states that a patch can be in.</summary>
    public static IReadOnlyCollection<string> PatchStates => WireName<PatchState>.All;

    /// <summary>The results of a run as they stand (contract <c>execution_results_v1</c>); null when there is no such run.</summary>
    public async Task<JsonObject?> ResultsAsync(string runId) =>
        await LoadAsync(runId) is { } machine
            ? ExecutionResults.Document((ExecutionState)machine.State, await InterruptedAsync(machine))
            : null;

    /// <summary>A run as it stands; null when there is no such run.</summary>
    internal async Task<ExecutionState?> FindAsync(string runId) => (ExecutionState?)(await LoadAsync(runId))?.State;

    private async Task<StreamMachine?> LoadAsync(string runId) =>
        await VersionOfAsync(runId) > 0 ? await StreamLoad.OfAsync(_workspace.Store, TaskLane.Instance, TaskLane.StreamOf(runId)) : null;

    /// <summary>The tasks of a run that were under way when the engine died that worked on them.</summary>
    private async Task<HashSet<string>> InterruptedAsync(StreamMachine machine)
    {
        var lost = (await LivingEngines.LookAsync(_workspace.Store)).Lost(machine);
        return lost.Select(TaskEffects.TaskOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Whether it stands still though tasks are open that no person has: whoever began it has let it go, or was told to.</summary>
    private async ValueTask<bool> IsLeftAsync(StreamMachine machine)
    {
        var state = (ExecutionState)machine.State;
        if (!state.Tasks.Any(t => !t.HasEnded && !state.WaitsForPerson(t))) return false;
        var living = await LivingEngines.LookAsync(_workspace.Store);
        return state.Phase switch
        {
            ExecutionPhase.Idle or ExecutionPhase.Stopping => !await living.OwnAsync(machine.Stream),
            ExecutionPhase.Running => living.AreNone,
            _ => false,
        };
    }

    /// <summary>The version of a run's last event; 0 when there is no such run.</summary>
    public async Task<long> VersionOfAsync(string runId) =>
        StreamName.IsId(runId) ? (await _workspace.Store.FindAsync(TaskLane.StreamOf(runId)))?.Head.Version ?? 0 : 0;

    /// <summary>What happened in a run, or to one of its tasks, in order (table <c>execution_log</c>).</summary>
    private ValueTask<IReadOnlyList<LaneRow>> LogAsync(string runId, string? taskId = null) => _workspace.Store.RowsAsync(new RowQuery(TaskTables.Log, "version", MaxListed)
    {
        Where = taskId is null ? [("run_id", runId)] : [("run_id", runId), ("task_id", taskId)],
    });

    /// <summary>Adapters that a run has named (table <c>adapters</c>).</summary>
    public async Task<IReadOnlyList<LaneRow>> AdaptersAsync() => await _workspace.Store.RowsAsync(AdapterTables.Adapters);

    /// <summary>What a patch went through (table <c>patch_history</c>).</summary>
    private ValueTask<IReadOnlyList<LaneRow>> HistoryAsync(string patchId) =>
        _workspace.Store.RowsAsync(new RowQuery(PatchTables.History, "at", MaxListed) { Where = [("patch_id", patchId)] });

    /// <summary>What a task says is to be done: to a person, while or after one had it, else to its adapters.</summary>
    private async Task<string?> PromptAsync(ExecutionState state, TaskState task)
    {
        var text = state.IsManual(task) ? task.Spec.Instructions?.Sha256 : task.Spec.Prompt ?? task.Spec.Instructions?.Sha256;
        return text is { } sha256 && await _workspace.Store.ReadBlobAsync(sha256) is { } bytes
            ? System.Text.Encoding.UTF8.GetString(bytes)
            : null;
    }

    /// <summary>The last lines that a task printed, from its log, which is not part of the record.</summary>
    private IReadOnlyList<OutputLine> Output(ExecutionState state, string taskId, int lines) =>
        OutputTail.Read(state.Declared.ProjectRoot, TaskPaths.TaskLog(taskId), lines);

    /// <summary>A patch with its diff and change set; null when there is no such patch, or when a short id names several.</summary>
    private async Task<PatchView?> PatchAsync(string patchId)
    {
        var rows = await _workspace.Store.RowsAsync(new RowQuery(PatchTables.Patches, "patch_id", 2) { Where = [("patch_id", patchId)] });
        if (rows.Count != 1) return null;
        var projectId = rows[0].Text("project_id")!;
        var machine = await StreamLoad.OfAsync(_workspace.Store, ProjectLane.Instance, ProjectLane.StreamOf(projectId));
        var project = (ProjectState)machine.State;
        var record = project.Patches[patchId];
        return await _workspace.Store.ReadBlobAsync(record.Patch.DiffSha256) is { } diff
            && await _workspace.Store.ReadBlobAsync(record.Patch.ChangesSha256) is { } changes
            ? new PatchView(projectId, record, diff, ChangeSet.Read(changes))
            : throw new LedgerException($"the ledger has lost the content of the patch {patchId}");
    }

    /// <summary>A page of the rows of the table <c>executions</c>, the latest run first.</summary>
    public async Task<IReadOnlyList<LaneRow>> RunRowsAsync((string StartedAt, string RunId)? after, int limit) =>
        await _workspace.Store.RowsAsync(new RowQuery(TaskTables.Executions, "started_at", limit) { Descending = true, After = after });

    /// <summary>A page of the rows of the table <c>patches</c>, the latest first.</summary>
    /// <param name="state">Only those in this state; null: all.</param>
    /// <param name="runId">Only those of this run; null: all.</param>
    /// <param name="after">The last patch of the page before; null: from the beginning.</param>
    /// <param name="limit">The most patches.</param>
    public async Task<IReadOnlyList<LaneRow>> PatchRowsAsync(string? state, string? runId, (string UpdatedAt, string Key)? after, int limit)
    {
        var where = new List<(string, string)>();
        if (state is not null) where.Add(("state", state));
        if (runId is not null) where.Add(("run_id", runId));
        var query = new RowQuery(PatchTables.Patches, "updated_at", limit) { Descending = true, After = after, Where = where };
        return await _workspace.Store.RowsAsync(query);
    }

    /// <summary>A page of runs, the latest first.</summary>
    /// <param name="after">The last run of the page before; null: from the beginning.</param>
    /// <param name="limit">The most runs.</param>
    public async Task<IReadOnlyList<RunSummary>> RunPageAsync((string StartedAt, string RunId)? after, int limit) =>
    [
        .. (await RunRowsAsync(after, limit)).Select(RunSummary.Of),
    ];

    /// <summary>A page of a run's patches, the latest first.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="after">The last patch of the page before, by <see cref="PatchSummary.Key"/>; null: from the beginning.</param>
    /// <param name="limit">The most patches.</param>
    public async Task<IReadOnlyList<PatchSummary>> PatchPageAsync(string runId, (string UpdatedAt, string Key)? after, int limit) =>
        [.. (await PatchRowsAsync(null, runId, after, limit)).Select(PatchSummary.Of)];

    /// <summary>A run as people see it; null when there is no such run.</summary>
    public async Task<RunView?> RunViewAsync(string runId)
    {
        if (await LoadAsync(runId) is not { State: ExecutionState state } machine) return null;
        var adapters = (await AdaptersAsync()).Where(a => state.Adapters.ContainsKey(a.Key)).Select(AdapterView.Of);
        return TaskViewMaker.Run(state, [.. adapters], await InterruptedAsync(machine)) with { IsLeft = await IsLeftAsync(machine) };
    }

    /// <summary>A task as people see it; null when there is no such task.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="taskId">The task.</param>
    /// <param name="lines">How many of the last lines that it printed.</param>
    public async Task<TaskView?> TaskViewAsync(string runId, string taskId, int lines)
    {
        if (await LoadAsync(runId) is not { State: ExecutionState state } machine || !state.HasTask(taskId)) return null;
        var task = state.Task(taskId);
        return TaskViewMaker.Task(state, task, (await InterruptedAsync(machine)).Contains(taskId)) with
        {
            Prompt = await PromptAsync(state, task),
            Patch = task.Patch is { } patch ? await SummaryAsync(patch.PatchId) : null,
            Events =
            [
                .. (await LogAsync(runId, taskId)).Select(r => new HistoryView(r.Text("at")!, r.Text("event")!, null, r.Text("message"))),
            ],
            Output = Output(state, taskId, lines),
        };
    }

    /// <summary>A patch as people see it; null when there is no such patch, or when a short id names several.</summary>
    public async Task<PatchDetail?> PatchDetailAsync(string patchId)
    {
        if (await PatchAsync(patchId) is not { Record: { } record } patch || await SummaryAsync(patchId) is not { } summary) return null;
        return new PatchDetail
        {
            Patch = summary,
            WorkingTree = record.Patch.WorkingTree,
            Attempt = record.Patch.Attempt,
            DiffSha256 = record.Patch.DiffSha256.ToString(),
            BaseTreeSha256 = record.Patch.BaseTreeSha256.ToString(),
            CanRollBack = record.State == PatchState.Committed,
            CanApply = record.State is PatchState.RolledBack or PatchState.ApplyFailed,
            Diff = patch.Diff,
            Changes = patch.Changes,
            History =
            [
                .. (await HistoryAsync(patchId)).Select(
                    r => new HistoryView(r.Text("at")!, r.Text("state")!, r.Text("actor"), r.Text("reason"))),
            ],
        };
    }

    private async Task<PatchSummary?> SummaryAsync(string patchId) =>
        (await _workspace.Store.RowsAsync(new RowQuery(PatchTables.Patches, "patch_id", 1) { Where = [("patch_id", patchId)] }))
            .Select(PatchSummary.Of).FirstOrDefault();

    /// <summary>Brings a patch into the real tree that could not be brought there, or was taken out.</summary>
    /// <param name="patchId">The patch.</param>
    /// <param name="merge">Merge it with what files have become; that was never tested.</param>
    /// <param name="untested">Also into a tree on which it was not tested, which the record shows.</param>
    /// <param name="by">Who asks.</param>
    public Task<Answer<Receipt>> ApplyAsync(string patchId, bool merge, bool untested, Caller by) =>
        DecideAsync(patchId, by, () => ChangeAsync(patchId, new ApplyPatch(patchId, merge, untested, by.Actor), PatchState.Committed));

    /// <summary>Takes a patch out of the real tree: byte for byte, or not at all.</summary>
    public Task<Answer<Receipt>> RollBackAsync(string patchId, Caller by) =>
        DecideAsync(patchId, by, () => ChangeAsync(patchId, new RollBackPatch(patchId, by.Actor), PatchState.RolledBack));

    /// <summary>Says that a manual task is done, with files as evidence.</summary>
    public Task<Answer<Receipt>> DoneAsync(string runId, string taskId, IReadOnlyList<string> evidence, string? note, Caller by) =>
        DecideAsync(taskId, by, () => CompleteAsync(runId, taskId, evidence, note, by.Actor));

    private Task<Answer<Receipt>> CompleteAsync(string runId, string taskId, IReadOnlyList<string> evidence, string? note, Actor by)
    {
        var files = ImmutableArray.CreateBuilder<EvidenceFile>();
        var blobs = new List<Blob>();
        foreach (var path in evidence)
        {
            var name = Path.GetFileName(path);
            using var file = OpenedFile.ToRead(path);
            var problem = file.Problem is { } unreadable ? unreadable
                : !StreamName.IsId(name) ? "has a name with other than letters, digits, _ . -"
                : files.Any(f => f.Name == name) ? "has the name of another one"
                : file.SizeBytes > MaxEvidenceBytes ? $"is larger than {MaxEvidenceBytes} bytes"
                : null;
            if (problem is not null) return Task.FromResult(Answer<Receipt>.Refused(path, RequestRefusals.File, problem));
            var blob = Blob.Of(file.ReadAll(MaxEvidenceBytes));
            blobs.Add(blob);
            files.Add(new EvidenceFile(name, blob.Bytes.Length, blob.Sha256));
        }

        return PutAsync(runId, taskId, new CompleteManual(taskId, by, note, files.ToImmutable(), blobs), note);
    }

    /// <summary>Says that a manual task cannot be done, and why.</summary>
    public Task<Answer<Receipt>> FailAsync(string runId, string taskId, string? reason, Caller by) =>
        DecideAsync(taskId, by, () => string.IsNullOrWhiteSpace(reason)
            ? Task.FromResult(Answer<Receipt>.Refused(taskId, Said.NoFailureReason))
            : PutAsync(runId, taskId, new FailManual(taskId, by.Actor, reason), reason));

    public Task<Answer<Receipt>> CancelAsync(string runId, string taskId, string? reason, Caller by) =>
        PutAsync(runId, taskId, new CancelTask(taskId, by.Actor, reason), reason);

    public Task<Answer<Receipt>> RetryAsync(string runId, string taskId, string? reason, Caller by) =>
        DecideAsync(taskId, by, () => PutAsync(runId, taskId, new RetryTask(taskId, by.Actor, reason), reason));

    /// <summary>Checks the health of an adapter now; an agent is tried once with a fake model.</summary>
    /// <param name="adapterId">The adapter.</param>
    /// <param name="gateways">Opens the way to that model.</param>
    /// <param name="declared">As a file declares it, when no run has named it yet, or it has changed.</param>
    public async Task<Answer<Receipt>> CheckAsync(string adapterId, IModelGateways? gateways = null, PreparedAdapter? declared = null)
    {
        if (declared is not null) await _commands.SubmitAsync(AdapterLane.Instance, AdapterLane.StreamOf(adapterId), new ConfigureAdapter(declared.Spec));
        var isKnown = StreamName.IsId(adapterId) && await _workspace.Store.FindAsync(AdapterLane.StreamOf(adapterId)) is not null;
        if (!isKnown) return Answer<Receipt>.Refused(adapterId, Absent.Adapter(adapterId));
        var (decision, _) = await _commands.SubmitAsync(AdapterLane.Instance, AdapterLane.StreamOf(adapterId), new RequestCheck());
        if (decision is Decision.Refused refused) return Answer<Receipt>.Refused(adapterId, refused.Refusal);
        await using var engine = await AssayEngine.StartAsync(_workspace, _time);
        engine.Gateways = gateways;
        var result = await engine.RunAsync(AdapterLane.Instance, AdapterLane.StreamOf(adapterId), concurrency: 1, CancellationToken.None);
        if (result is not RunResult.Waiting { State: AdapterState state }) return Done(adapterId, "is being checked by another process");
        return state.Healthy == false
            ? Answer<Receipt>.Refused(adapterId, TaskRefusals.Unhealthy, state.HealthReason!)
            : Done(adapterId, "healthy");
    }

    private Task<Answer<Receipt>> DecideAsync(string subject, Caller by, Func<Task<Answer<Receipt>>> put) =>
        DecisionRule.Problem(by) is { } no ? Task.FromResult(Answer<Receipt>.Refused(subject, no)) : put();

    private static Answer<Receipt> Done(string subject, string status) => Answer<Receipt>.Given(subject, new Receipt(subject, status));

    private async Task<Answer<Receipt>> PutAsync(string runId, string taskId, Command command, string? reason)
    {
        if (await FindAsync(runId) is not { } run) return Answer<Receipt>.Refused(runId, Absent.Run(runId));
        if (!run.HasTask(taskId)) return Answer<Receipt>.Refused(taskId, Absent.Task(runId, taskId));
        if (ReasonRule.Problem(reason) is { } problem) return Answer<Receipt>.Refused(taskId, problem);
        try
        {
            var (decision, state) = await _commands.SubmitAsync(TaskLane.Instance, TaskLane.StreamOf(runId), command);
            return decision is Decision.Refused refused
                ? Answer<Receipt>.Refused(taskId, refused.Refusal)
                : Done(taskId, WireName<TaskPhase>.Of(((ExecutionState)state).Task(taskId).Phase));
        }
        catch (EventTooLargeException e)
        {
            return Answer<Receipt>.Refused(taskId, KernelRefusals.TooLarge, e.Message);
        }
    }

    private async Task<Answer<Receipt>> ChangeAsync(string patchId, Command command, PatchState wanted)
    {
        if (await PatchAsync(patchId) is not { } patch) return Answer<Receipt>.Refused(patchId, Absent.Patch(patchId));
        var stream = ProjectLane.StreamOf(patch.ProjectId);
        var (decision, _) = await _commands.SubmitAsync(ProjectLane.Instance, stream, command);
        if (decision is Decision.Refused refused) return Answer<Receipt>.Refused(patchId, refused.Refusal);
        await using var engine = await AssayEngine.StartAsync(_workspace, _time);
        for (; ; )
        {
            var result = await engine.RunAsync(ProjectLane.Instance, stream, concurrency: 1, CancellationToken.None);
            if (result is RunResult.Waiting waiting) return Answer<Receipt>.Refused(patchId, TaskRefusals.ProjectClaimed, $"it waits for {waiting.For.For}");
            if (result is not RunResult.Finished { State: ProjectState state })
            {
                // An executor that works in the project does it.
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time);
                continue;
            }

            var record = state.Patches[patchId];
            return record.State == wanted
                ? Done(patchId, WireName<PatchState>.Of(record.State))
                : Answer<Receipt>.Refused(
                    patchId, TaskRefusals.TreeMoved, state.Refusals.GetValueOrDefault(patchId) ?? record.Reason ?? "the tree has moved on");
        }
    }
}

/// <summary>A patch as people see it.</summary>
/// <param name="ProjectId">The project's stream.</param>
/// <param name="Record">Where it stands.</param>
/// <param name="Diff">The unified diff, as bytes: names and contents need not be UTF-8.</param>
/// <param name="Changes">Its files.</param>
internal sealed record PatchView(string ProjectId, PatchRecord Record, ReadOnlyMemory<byte> Diff, ChangeSet Changes);
