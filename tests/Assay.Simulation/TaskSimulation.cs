using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Tasks;

namespace Assay.Simulation;

/// <summary>
/// One seed: a run of tasks whose executors crash, pause and are stopped at any step, while people finish, cancel and reopen tasks.
/// </summary>
internal sealed class TaskSimulation(int seed) : LaneSimulation<ExecutionState>(seed, TaskLane.Instance, TaskLane.StreamOf(TaskPlans.RunId), TaskPlans.Outcome)
{
    private const int MaxSteps = 500;

    private readonly Dictionary<string, int> _reopened = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _afterTests = new(StringComparer.Ordinal);
    private readonly HashSet<string> _allowed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _committed = new(StringComparer.Ordinal);
    private readonly Dictionary<StreamName, StreamMachine> _others = [];
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private DeclareExecution? _declare;
    private long _seen;

    /// <inheritdoc/>
    public override void Run()
    {
        _declare = TaskPlans.Draw(Random);
        Submit(_declare);
        foreach (var adapter in _declare.Adapters) World.Submit(AdapterLane.StreamOf(adapter.AdapterId), new ConfigureAdapter(adapter));
        Submit(new StartExecution(Random.Next(1, 4), TaskPlans.Somebody));
        for (var step = 0; step < MaxSteps; step++)
        {
            Act();
            Check();
        }

        Finish();
        Check();
        Must(Truth.Effects.Count == 0, "an effect is neither finished nor interrupted");
    }

    private void Act()
    {
        var die = Random.Next(40);
        if (Disturb(die)) return;
        switch (die)
        {
            case 3 when Random.Next(4) == 0:
                Submit(new Cancel("signal"));
                break;
            case 4 or 5 when State.Phase is not ExecutionPhase.Running:
                Submit(new StartExecution(Random.Next(1, 4), TaskPlans.Somebody));
                break;
            case 6 when Random.Next(3) == 0:
                Submit(new CancelTask(Any(), TaskPlans.Somebody, null));
                break;
            case 7 when Random.Next(2) == 0:
                Submit(new RetryTask(Any(), TaskPlans.Somebody, null));
                break;
            case 8:
                Submit(Random.Next(4) == 0 ? new FailManual(Any(), TaskPlans.Somebody, "no") : new CompleteManual(Any(), TaskPlans.Somebody, null, [], []));
                break;
            case 9 or 10:
                World.Pass(TimeSpan.FromSeconds(5));
                break;
            case 11 when Random.Next(3) == 0:
                LookAtAdapters();
                break;
            case 12 when Random.Next(12) == 0:
                _declare = TaskPlans.Grow(_declare!, Random);
                Submit(_declare);
                break;
            case 13 when Random.Next(4) == 0:
                MovePatch();
                break;
            default:
                Engine.Step();
                break;
        }
    }

    /// <summary>The health of each adapter is looked at.</summary>
    private void LookAtAdapters()
    {
        foreach (var adapter in State.Adapters.Values.Where(a => a.HealthCheck is not null).Select(a => AdapterLane.StreamOf(a.AdapterId)))
        {
            World.Submit(adapter, new RequestCheck());
            World.Drive(adapter);
        }
    }

    /// <summary>A person takes a change out of the tree, or brings one back.</summary>
    private void MovePatch()
    {
        var project = ProjectLane.StreamOf(TaskPlans.ProjectId);
        var settled = ((ProjectState)World.Open(project).State).Patches.Where(p => p.Value.State is PatchState.Committed or PatchState.RolledBack).ToList();
        if (settled.Count == 0) return;
        var (id, patch) = settled[Random.Next(settled.Count)];
        _moved.Add(id);
        World.Submit(project, patch.State == PatchState.Committed
            ? new RollBackPatch(id, TaskPlans.Somebody)
            : new ApplyPatch(id, Merge: false, Untested: Random.Next(2) == 0, TaskPlans.Somebody));
        World.Drive(project);
    }

    private string Any() => State.Tasks[Random.Next(State.Tasks.Count)].Spec.TaskId;

    /// <summary>Everybody does what is due, until the run has finished.</summary>
    private void Finish()
    {
        for (var i = 0; i < 20_000 && !HasFinished(State); i++)
        {
            if (Engine.Step()) continue;
            Submit(new StartExecution(2, TaskPlans.Somebody));
            LookAtAdapters();
            foreach (var task in State.Tasks.Where(t => t.Phase == TaskPhase.InProgress && State.IsManual(t)).ToList()) Submit(new CompleteManual(task.Spec.TaskId, TaskPlans.Somebody, null, [], []));
            World.Pass(TimeSpan.FromSeconds(60));
        }

        Must(HasFinished(State), $"the run did not come to an end: {Text(State)}, follow-ups {string.Join(" ", State.FollowUps.Keys)}");
    }

    private static bool HasFinished(ExecutionState state) => state.Phase == ExecutionPhase.Finished && state.FollowUps.IsEmpty;

    private void Check()
    {
        var state = State;
        CheckRecord();
        CheckOthers(state);
        foreach (var task in state.Tasks)
        {
            var id = task.Spec.TaskId;
            var began = World.Executions.GetValueOrDefault(new TaskEffectId(TaskEffectId.Act, id).ToString());
            Must(task.Spec.RetrySafe || began <= 1 + _reopened.GetValueOrDefault(id) + _afterTests.GetValueOrDefault(id), $"{id} is not retry-safe and was attempted {began} times");
            Must(!_committed.Contains(id) || task.Phase is TaskPhase.Completed or TaskPhase.Validating, $"the change of {id} is in the tree, and the task is {task.Phase}");
        }
    }

    /// <summary>What an adapter granted and what the run made of it are one commit, and so are a patch and its task.</summary>
    private void CheckOthers(ExecutionState state)
    {
        foreach (var stored in World.Store.ReadAllAsync(_seen, int.MaxValue).Now())
        {
            _seen = stored.Position;
            if (stored.Stream == Truth.Stream) continue;
            if (!_others.TryGetValue(stored.Stream, out var other)) _others.Add(stored.Stream, other = Simulation.World.Empty(stored.Stream));
            var before = other.State;
            CheckOther(before, other.Apply(stored.Bytes).Recorded);
        }

        var project = (ProjectState)World.Open(ProjectLane.StreamOf(TaskPlans.ProjectId)).State;
        foreach (var task in state.Tasks.Where(t => t is { Phase: TaskPhase.Completed, Patch: not null }))
        {
            var stands = project.Patches[task.Patch!.PatchId];
            Must(
                stands.Patch.TaskId != task.Spec.TaskId || stands.State == PatchState.Committed || _moved.Contains(task.Patch.PatchId),
                $"{task.Spec.TaskId} completed, and its patch is {stands.State}");
        }
    }

    private void CheckOther(object before, RecordedEvent recorded)
    {
        switch (before, recorded.Body)
        {
            case (AdapterState { Breaker: var breaker }, ProbeGranted probe):
                Must(_allowed.Contains(probe.Ticket), $"a probe was granted to {probe.Ticket}, which does not know of it");
                Must(breaker.Circuit == Circuit.HalfOpen, $"a probe was granted to {probe.Ticket} while the breaker was {breaker.Circuit}");
                Must(breaker.Probe is null || breaker.ProbeUntil <= recorded.At, $"{breaker.Probe} and {probe.Ticket} are both the probe");
                break;
            case (ProjectState { Patches: var patches }, PatchCreated created) when patches.TryGetValue(created.Patch.PatchId, out var known):
                var isTaken = known.State is PatchState.Created or PatchState.Validated or PatchState.Applied or PatchState.Verified;
                Must(!isTaken, $"{created.Patch.PatchId} was taken from {known.Patch.TaskId}, which was at work on it");
                break;
        }
    }

    protected override void CheckStep(ExecutionState before, RecordedEvent recorded)
    {
        switch (recorded.Body)
        {
            case TaskStarted started:
                CheckStart(before, started);
                break;
            case TaskEnded ended:
                Must(!before.Task(ended.TaskId).HasEnded, $"{ended.TaskId} ended twice");
                Must(ended is not TaskCancelled || !before.Task(ended.TaskId).IsCommitting, $"{ended.TaskId} was cancelled although its change may come into the tree");
                if (ended is TaskCompleted) CheckCompleted(before.Task(ended.TaskId));
                break;
            case TaskRetried retried when before.Task(retried.TaskId).Standing is TaskStanding.Testing:
                _afterTests[retried.TaskId] = _afterTests.GetValueOrDefault(retried.TaskId) + 1;
                Must(before.AdapterOf(before.Task(retried.TaskId)).Retry.OnAcceptance, $"{retried.TaskId} was tried again after its tests, which its adapter does not say");
                break;
            case TaskReopened reopened:
                _reopened[reopened.TaskId] = _reopened.GetValueOrDefault(reopened.TaskId) + 1;
                Must(before.Task(reopened.TaskId).HasEnded && before.Task(reopened.TaskId).Phase != TaskPhase.Completed, $"{reopened.TaskId} was reopened");
                break;
            case EffectFinished { Outcome: AnswerOutcome { Answer: PermitAnswer { Status: PermitStatus.Allowed } } } allowed:
                var asking = before.Task(TaskEffects.TaskOf(allowed.EffectId)!);
                _allowed.Add(asking.Ticket(TaskPlans.RunId, asking.Attempts + 1));
                break;
            case EffectFinished { Outcome: AnswerOutcome { Answer: PatchAnswer { State: PatchState.Committed } } } finished when TaskEffects.TaskOf(finished.EffectId) is { } id:
                _committed.Add(id);
                break;
            case ExecutionFinished:
                Must(before.Tasks.All(t => t.HasEnded) && before.FollowUps.IsEmpty, "the run finished with something left to do");
                break;
            case EffectStarted begun when TaskEffects.TaskOf(begun.EffectId) is { } id && TaskEffectId.Parse(begun.EffectId).Kind != TaskEffectId.Permit:
                Must(before.Task(id).IsActive, $"{begun.EffectId} began although {id} is {before.Task(id).Phase}");
                break;
        }
    }

    private static void CheckStart(ExecutionState before, TaskStarted started)
    {
        var task = before.Task(started.TaskId);
        Must(task.Phase == TaskPhase.Pending && before.Phase is ExecutionPhase.Running or ExecutionPhase.Paused or ExecutionPhase.Stopping, $"{started.TaskId} started while {task.Phase}, run {before.Phase}");
        Must(task.Spec.DependsOn.All(d => before.Task(d).Phase == TaskPhase.Completed), $"{started.TaskId} started before what it depends on");
        var active = before.Tasks.Where(t => t.IsActive).ToList();
        Must(!active.Exists(t => ScopeRule.Overlap(t.Spec, task.Spec)), $"{started.TaskId} started beside one that may write the same");
        Must(active.Count(t => t.AdapterId == started.AdapterId) < before.Adapters[started.AdapterId].Concurrency, $"{started.AdapterId} has too many tasks");
    }

    private static void CheckCompleted(TaskState task)
    {
        Must(task.Spec.AcceptanceTests.Where(t => t.Required).All(t => task.Tests.Any(r => r.Name == t.Name && r.Passed)), $"{task.Spec.TaskId} completed without its tests");
        Must(task.Phase == TaskPhase.Validating, $"{task.Spec.TaskId} completed while {task.Phase}");
    }

    protected override string Text(ExecutionState state) =>
        $"{state.Phase} {state.PauseReason} {state.Escalations} {string.Join(",", state.FollowUps.Keys)} "
        + string.Join(";", state.Tasks.Select(Text));

    private static string Text(TaskState task) =>
        $"{task.Spec.TaskId}:{task.Phase}:{task.Attempts}:{task.Forgiven}:{task.AdapterId}:{task.NotBefore}:{task.Reason}:{TaskSchedule.Refusals(task)}:"
        + $"{task.Standing is TaskStanding.Testing { IsPrepared: true }}:{task.Tests.Length}";
}
