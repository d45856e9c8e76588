using Assay.Engine;
using Assay.Engine.Gateways;
using Assay.Engine.Workspaces;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Ledger;
using Assay.Telemetry;

namespace Assay.Tasks;

/// <summary>How long an execution goes on.</summary>
public enum ExecutionPatience
{
    /// <summary>Until the run has finished, or nothing but people can bring it on.</summary>
    UntilPeople,

    /// <summary>Do what can be done now.</summary>
    Once,

    /// <summary>Until the run has finished, waiting for people too.</summary>
    Follow,
}

/// <summary>How an execution ended.</summary>
public abstract record ExecutionEnd
{
    private ExecutionEnd()
    {
    }

    /// <summary>The run stands there now; it has finished, waits, or was stopped.</summary>
    public sealed record Left(ExecutionState State, bool Cancelled) : ExecutionEnd;

    /// <summary>Nothing was done.</summary>
    public sealed record Refused(Refusal Refusal) : ExecutionEnd;

    /// <summary>Another process works on the run.</summary>
    public sealed record Busy(WorkerSession By) : ExecutionEnd;
}

/// <summary>Works on runs of tasks in one workspace.</summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what happens while it happens.</param>
/// <param name="gateways">Opens the ways of agents to their models; null: there are none, and adapters of kind agent cannot be started.</param>
public sealed class TaskExecutor(Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null, IModelGateways? gateways = null)
{
    private const int MaxFailures = 5;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(6);

    /// <summary>
    /// Reads a project's task queue, routing and adapters, once, and checks them against this host. Writes and starts nothing.
    /// </summary>
    public static Checked<DeclareExecution> Prepare(string root, string runId, string? adaptersPath, Actor by) =>
        TaskLoader.Load(root, runId, adaptersPath, by, HostCapabilities.Detect());

    /// <summary>Works on a run, which is declared if it is not there yet.</summary>
    /// <param name="declare">The run.</param>
    /// <param name="jobs">How many tasks at once.</param>
    /// <param name="patience">How long to go on.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="cancel">Ends what is under way and records it; the run can go on later.</param>
    public async Task<ExecutionEnd> RunAsync(DeclareExecution declare, int jobs, ExecutionPatience patience, Actor by, CancellationToken cancel)
    {
        await WorkspaceTables.ReadyAsync(workspace, time);
        await using var engine = await AssayEngine.StartAsync(workspace, KnownLanes.All, time);
        engine.Gateways = gateways;
        var stream = TaskLane.StreamOf(declare.Execution.RunId);
        if (StreamOwner.Of(workspace.Store, stream, engine.Session.Now) is { } owner) return new ExecutionEnd.Busy(owner);
        if (await SubmitAsync(engine, declare) is { } refused) return refused;
        using var logs = new TaskLogs(declare.Execution.ProjectRoot, Secrets.Of(declare), time);
        using var telemetry = new TaskTelemetry(workspace, declare.Execution.RunId, time);
        engine.Observer = notice =>
        {
            logs.Observe(notice);
            telemetry.Observe(notice);
            observer?.Invoke(notice);
        };

        foreach (var adapter in declare.Adapters) await engine.Desk.SubmitAsync(AdapterLane.Instance, AdapterLane.StreamOf(adapter.AdapterId), new ConfigureAdapter(adapter));
        await using var health = await AdapterWatch.StartAsync(engine, declare.Adapters, time);
        await engine.Desk.SubmitAsync(TaskLane.Instance, stream, new StartExecution(jobs, by));
        return await AdvanceAsync(engine, declare.Execution.RunId, jobs, patience, cancel);
    }

    private static async Task<ExecutionEnd.Refused?> SubmitAsync(AssayEngine engine, DeclareExecution declare)
    {
        try
        {
            var (decision, _) = await engine.Desk.SubmitAsync(TaskLane.Instance, TaskLane.StreamOf(declare.Execution.RunId), declare);
            return decision is Decision.Refused refused ? new ExecutionEnd.Refused(refused.Refusal) : null;
        }
        catch (Kernel.Streams.EventTooLargeException e)
        {
            const string advice = "shorten commands and lists of the task or adapter";
            return new ExecutionEnd.Refused(new Refusal(KernelRefusals.TooLarge, $"{e.Message}: {advice}"));
        }
    }

    private async Task<ExecutionEnd> AdvanceAsync(AssayEngine engine, string runId, int jobs, ExecutionPatience patience, CancellationToken cancel)
    {
        // Copies, captures and reports go on beside the tasks that hold the slots.
        var room = (jobs * 4) + 16;
        for (var failures = 0; ;)
        {
            RunResult result;
            try
            {
                result = await engine.RunAsync(TaskLane.Instance, TaskLane.StreamOf(runId), room, cancel);
                failures = 0;
            }
            catch (IOException) when (++failures < MaxFailures && !cancel.IsCancellationRequested)
            {
                // The disk may be full for a while: nothing was recorded that did not happen.
                await Task.Delay(Rest, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            switch (result)
            {
                case RunResult.Owned owned:
                    return new ExecutionEnd.Busy(owned.By);
                case RunResult.Finished finished:
                    return new ExecutionEnd.Left((ExecutionState)finished.State, Cancelled: false);
                case RunResult.Waiting waiting:
                    var state = (ExecutionState)waiting.State;
                    if (cancel.IsCancellationRequested) return new ExecutionEnd.Left(state, Cancelled: true);
                    if (patience == ExecutionPatience.Once) return new ExecutionEnd.Left(state, Cancelled: false);
                    if (patience == ExecutionPatience.UntilPeople && TaskSchedule.WaitsForPeople(state, time.GetUtcNow())) return new ExecutionEnd.Left(state, Cancelled: false);
                    var pause = waiting.For.Until is { } until && until - time.GetUtcNow() < LookEvery ? until - time.GetUtcNow() : LookEvery;
                    if (pause > TimeSpan.Zero) await Task.Delay(pause, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
                case var other:
                    throw new InvalidOperationException($"unknown result {other}");
            }
        }
    }
}
