using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Assay.Engine;
using Assay.Engine.Gateways;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;
using Assay.Ledger;

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

/// <summary>Where an execution left its run: it has finished, waits, or was stopped.</summary>
public sealed record ExecutionEnd
{
    internal ExecutionEnd(ExecutionState state, bool cancelled) => (State, Cancelled) = (state, cancelled);

    /// <summary>Whether the caller ended it.</summary>
    public bool Cancelled { get; }

    /// <summary>The run as people see it, without its adapters.</summary>
    public RunView View => TaskViewMaker.Run(State, [], ImmutableHashSet<string>.Empty);

    /// <summary>Its results (contract <c>execution_results_v1</c>), as text with a line end.</summary>
    public string Results => System.Text.Encoding.UTF8.GetString(ExecutionResults.Of(State).Bytes.Span);

    internal ExecutionState State { get; }
}

/// <summary>What was changed in a project's inputs is not taken by a run that is under way.</summary>
/// <param name="Stream">The run.</param>
/// <param name="Reason">Why.</param>
public sealed record InputsRefused(StreamName Stream, string Reason) : EngineTrouble(Stream)
{
    public override string Word => RoutingWatch.NotTaken;

    public override string Text => Reason;
}

/// <summary>Works on runs of tasks in one workspace.</summary>
/// <param name="workspace">The workspace.</param>
/// <param name="time">The clock.</param>
/// <param name="observer">Is told what happens while it happens.</param>
/// <param name="gateways">Opens the ways of agents to their models; null: there are none, and adapters of kind agent cannot be started.</param>
public sealed class TaskExecutor(Workspace workspace, TimeProvider time, Action<EngineNotice>? observer = null, IModelGateways? gateways = null)
{
    /// <summary>How often in a row it is tried again after a failure such as a full disk, which may end by itself.</summary>
    private const int MaxFailures = 5;

    /// <summary>
    /// Reads a project's task queue, routing and adapters, once, and checks them against this host. Writes and starts nothing.
    /// </summary>
    /// <param name="root">The project's folder.</param>
    /// <param name="runId">The run's name.</param>
    /// <param name="adaptersPath">The adapters' file; null: the project's own.</param>
    /// <param name="by">Who asks.</param>
    public static Checked<PreparedRun> Prepare(string root, string runId, string? adaptersPath, Actor by)
    {
        var loaded = TaskLoader.Load(root, runId, adaptersPath, by, HostCapabilities.Detect());
        return loaded.IsValid ? new PreparedRun(loaded.Value, adaptersPath) : Checked<PreparedRun>.Refused(loaded.Problems);
    }

    /// <summary>
    /// Why a workspace, which need not be there yet, cannot have the project without taking it from another; null: it can. Creates nothing.
    /// </summary>
    public static Refusal? Claimed(PreparedRun prepared, string workspacePath) => ProjectClaim.Problem(prepared.ProjectRoot, workspacePath);

    /// <summary>Works on a run, which is declared if it is not there yet.</summary>
    /// <param name="prepared">The run.</param>
    /// <param name="jobs">How many tasks at once.</param>
    /// <param name="patience">How long to go on.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="cancel">Ends what is under way and records it; the run can go on later.</param>
    /// <param name="takesOver">Whether the project is taken from the workspace that has it, in which nobody may be at work.</param>
    /// <returns>Where it was left; refused when nothing was done.</returns>
    public async Task<Answer<ExecutionEnd>> RunAsync(
        PreparedRun prepared, int jobs, ExecutionPatience patience, Actor by, CancellationToken cancel, bool takesOver = false)
    {
        var declare = prepared.Declare;
        var project = new WatchedProject(declare.Execution.ProjectRoot, prepared.AdaptersPath);
        await WorkspaceTables.ReadyAsync(workspace);
        await using var engine = await AssayEngine.StartAsync(workspace, time);
        engine.Gateways = gateways;
        var stream = TaskLane.StreamOf(declare.Execution.RunId);
        if (await StreamOwner.OfAsync(workspace.Store, stream) is { } owner) return Busy(stream, owner);
        if (await ProjectClaim.TakeAsync(project.Root, workspace, time, takesOver) is { } claimed) return Answer<ExecutionEnd>.Refused(stream.Id, claimed);
        using var watching = observer is null ? null : engine.Watch(observer);
        if (await DeclareAsync(engine.Commands, declare, engine.Session.Identity.Id) is { } refusal)
        {
            return Answer<ExecutionEnd>.Refused(stream.Id, refusal);
        }

        await engine.Commands.SubmitAsync(TaskLane.Instance, stream, new StartExecution(jobs, by));

        // While it is worked on, the run takes what is added to its queue.
        using var watched = new CancellationTokenSource();
        var growth = new RoutingWatch(engine, project, jobs, by, (_, _, why) => observer?.Invoke(new InputsRefused(stream, why))).RunAsync(watched.Token);
        try
        {
            return await WorkAsync(engine, stream, patience, cancel);
        }
        finally
        {
            await watched.CancelAsync();
            await growth;
        }
    }

    /// <summary>Declares a run that is not there yet, or what was added to one that is. There is a refusal when something else was changed.</summary>
    internal static async Task<Refusal?> DeclareAsync(CommandHandler commands, DeclareExecution declare, string? firstOwner)
    {
        var stream = TaskLane.StreamOf(declare.Execution.RunId);
        try
        {
            var (decision, _) = await commands.SubmitAsync(TaskLane.Instance, stream, declare, firstOwner);
            if (decision is Decision.Refused refused) return refused.Refusal;
        }
        catch (EventTooLargeException e)
        {
            return new Refusal(KernelRefusals.TooLarge, $"{e.Message}: shorten commands and lists of the task or adapter");
        }

        foreach (var adapter in declare.Adapters)
        {
            await commands.SubmitAsync(AdapterLane.Instance, AdapterLane.StreamOf(adapter.AdapterId), new ConfigureAdapter(adapter));
        }

        return null;
    }

    /// <summary>Is the worker of one run, and of the adapters that it names, until the run ends or waits for longer than is patient.</summary>
    private async Task<Answer<ExecutionEnd>> WorkAsync(AssayEngine engine, StreamName stream, ExecutionPatience patience, CancellationToken cancel)
    {
        await using var runs = new TaskRuns(engine);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Answer<ExecutionEnd>? end = null;
        Exception? failure = null;
        var failures = 0;
        var served = runs.Served([stream]);
        await engine.NewWorker(served, concurrency: 1, Told).RunAsync(once: false, leave.Token, CancellationToken.None);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);

        // What was cancelled while it waited for its time is told so.
        if (end is null) Told(new WorkerNotice.LetGo(stream, await runs.AdvanceAsync(stream, cancel, CancellationToken.None)));
        if (end?.Value is { State: { Phase: not ExecutionPhase.Finished } left }) await runs.PublishAsync(left);
        return end ?? throw new InvalidOperationException($"{stream} neither ended nor waits");

        void Told(WorkerNotice notice)
        {
            if (notice.Stream != stream) return;
            switch (notice)
            {
                case WorkerNotice.LetGo { Result: RunResult.Owned owned }:
                    end = Busy(stream, owned.By);
                    break;
                case WorkerNotice.LetGo { Result: RunResult.Finished finished }:
                    end = Left(finished.State, isCancelled: false);
                    break;
                case WorkerNotice.LetGo { Result: RunResult.Waiting waiting } when cancel.IsCancellationRequested || !GoesOn((ExecutionState)waiting.State, patience):
                    end = Left(waiting.State, cancel.IsCancellationRequested);
                    break;
                case WorkerNotice.LetGo:
                    failures = 0;
                    return;
                case WorkerNotice.NotAdvanced { Cause: IOException } when ++failures < MaxFailures:
                    // The disk may be full for a while: nothing was recorded that did not happen.
                    return;
                case WorkerNotice.NotAdvanced not:
                    failure = not.Cause;
                    break;
            }

            leave.Cancel();
        }

        Answer<ExecutionEnd> Left(object state, bool isCancelled) =>
            Answer<ExecutionEnd>.Given(stream.Id, new ExecutionEnd((ExecutionState)state, isCancelled));
    }

    private static Answer<ExecutionEnd> Busy(StreamName stream, WorkerSession by) =>
        Answer<ExecutionEnd>.Refused(stream.Id, Said.Busy("executed", by));

    private bool GoesOn(ExecutionState state, ExecutionPatience patience) => patience switch
    {
        ExecutionPatience.Once => false,
        ExecutionPatience.Follow => true,
        _ => !TaskSchedule.WaitsForPeople(state, time.GetUtcNow()),
    };
}
