using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Trees;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>What outcomes mean, and what follows from events by itself.</summary>
internal static class TaskFlow
{
    public const string DependencyFailed = "dependency_failed";

    private const string NoChange = "no_change: its working tree is as it was, so there is nothing to bring in";

    /// <summary>An attempt that was cut short does not count, but not for ever: it may be what brings the machine down.</summary>
    private const int MaxInterruptions = 3;

    /// <summary>How often a change is tested again because its tree had moved on: somebody may write into it without end.</summary>
    private const int MaxRounds = 5;

    private static readonly string NeverRests = $"the tree moved on whenever the change was to come in, {MaxRounds + 1} times";

    /// <summary>How long the machine is given to become usable again.</summary>
    private static readonly TimeSpan EnvironmentRest = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Events with all that follows from them: tasks that have nothing left to do, dependants of those that failed, escalations.
    /// </summary>
    public static IReadOnlyList<Event> WithConsequences(
        ExecutionState before, TasksUnderWay underWay, IEnumerable<Event> events, DateTimeOffset now)
    {
        var all = new List<Event>();
        var state = before;
        var pending = new Queue<Event>(events);
        while (pending.Count > 0)
        {
            var batch = pending.ToList();
            pending.Clear();
            foreach (var body in batch)
            {
                all.Add(body);
                state = state.Evolve(new RecordedEvent(0, now, body));
            }

            var following = EscalationRule.After(state, batch).Cast<Event>().Concat(Following(state, underWay, batch, now));
            foreach (var next in following) pending.Enqueue(next);
        }

        return all;
    }

    /// <summary>What the time that has come brings about.</summary>
    public static IEnumerable<Event> OnTime(ExecutionState state, TasksUnderWay underWay, DateTimeOffset now)
    {
        var due = state.Tasks.InPlay(underWay).Where(t => TaskSchedule.ReminderOf(state, t) <= now);
        foreach (var task in due) yield return new ManualReminded(task.Spec.TaskId);
        if (!TaskSchedule.IsAtEnd(state, underWay)) yield break;
        yield return new ExecutionFinished(state.Count(TaskPhase.Completed), state.Count(TaskPhase.Failed), state.Count(TaskPhase.TimedOut), state.Count(TaskPhase.Cancelled));
    }

    private static TaskCancelled Cancelled(TaskState task, TaskCancelRequested wish, PatchDeclaration? patch) =>
        new(task.Spec.TaskId, wish.Reason is { } reason ? $"cancelled by {wish.By.Name}: {reason}" : $"cancelled by {wish.By.Name}", patch);

    public static IReadOnlyList<Event> OnReport(ExecutionState state, EffectReport report, DateTimeOffset now)
    {
        var id = TaskEffectId.Parse(report.Effect.Id);
        if (id.TaskId is not { } taskId) return OnFollowUp(state, id, report);
        var task = state.Task(taskId);
        if (task.HasEnded) return [];
        return (id.Kind, report) switch
        {
            (TaskEffectId.Permit, EffectCompleted { Outcome: AnswerOutcome { Answer: var answer } }) =>
                OnPermit(state, task, id.Detail!, answer, now),
            (TaskEffectId.Copy, EffectCompleted { Outcome: CopyOutcome copy }) => OnCopied(state, task, copy, now),
            (TaskEffectId.Context, EffectCompleted { Outcome: ContextOutcome context }) => OnContext(state, task, context),
            (TaskEffectId.Act, _) => OnActed(state, task, report, now),
            (TaskEffectId.Answer, _) => OnAnswered(state, task, report, now),
            (TaskEffectId.Capture, EffectCompleted { Outcome: ChangesOutcome changes } done) => OnCaptured(state, task, changes, done, now),
            (TaskEffectId.Prepare, EffectCompleted { Outcome: ApplyOutcome { Applied: true } }) => [],
            (TaskEffectId.Prepare, EffectCompleted { Outcome: ApplyOutcome prepared }) => OnPlaced(state, task, prepared.Problem),
            (TaskEffectId.Place, EffectCompleted { Outcome: CopyOutcome placed }) => OnPlaced(state, task, placed.Problem),
            (TaskEffectId.Check, EffectCompleted { Outcome: CheckOutcome check }) => OnChecked(state, task, id.Detail!, check),
            (TaskEffectId.Reset, EffectCompleted { Outcome: CheckOutcome reset }) => OnPlaced(state, task, reset.Problem),
            (TaskEffectId.Test, EffectCompleted { Outcome: ProcessOutcome run } done) => OnTested(state, task, id.Detail!, run, done),

            // A test that was lost with its engine is simply run again.
            (TaskEffectId.Test, EffectLost) => [],
            (TaskEffectId.Commit, EffectCompleted { Outcome: AnswerOutcome { Answer: var committed } }) => OnCommitted(task, committed),
            _ => throw new InvalidOperationException($"a run asks for no effect with {report}"),
        };
    }

    private static IReadOnlyList<Event> OnFollowUp(ExecutionState state, TaskEffectId id, EffectReport report) => report switch
    {
        EffectCompleted { Outcome: AnswerOutcome { Answer: ReportAnswer { Opened: true }, Stream.Id: var adapterId } } =>
            [EscalationRule.Opened(state, id.Of, adapterId)],
        EffectCompleted
        {
            Effect: ChildStream { Command: ReportCall { Report: AdapterReport.Worked } },
            Outcome: AnswerOutcome { Answer: ReportAnswer { Closed: true }, Stream.Id: var adapterId },
        }
        when SafeModeRule.AfterCall(state, adapterId) is { } resumed => [resumed],
        EffectCompleted { Outcome: HttpOutcome outcome } when state.FollowUps.GetValueOrDefault(id.ToString()) is WebhookFollowUp webhook
            && EscalationRule.GiveUp(webhook, outcome) is { } end => [end],
        EffectCompleted { Effect: ChildStream { Command: MovePatch move }, Outcome: AnswerOutcome { Answer.NotDone: { } refusal } }
            when state.Task(move.Patch.TaskId) is { HasEnded: false } task =>
                [new TaskFailed(task.Spec.TaskId, refusal, TaskFailure.PatchLedger, null)],
        _ => [],
    };

    private static IReadOnlyList<Event> OnPermit(
        ExecutionState state, TaskState task, string adapterId, StreamAnswer answer, DateTimeOffset now)
    {
        if (task.CancelRequested is not null) return [];
        if (AdapterRefusal.Of(answer) is null)
        {
            var started = new TaskStarted(task.Spec.TaskId, adapterId, task.Attempts + 1, adapterId != task.Spec.AdapterIds[0])
            {
                FailedTests = task.FailedTests.IsEmpty ? null : task.FailedTests,
            };
            return [started];
        }

        if (TaskSchedule.Refusals(task) < task.Spec.AdapterIds.Length) return [];
        var refusals = task.Spec.AdapterIds.Where(state.Refusing.ContainsKey).Select(a => state.Refusing[a]).ToList();
        var until = refusals.Min(r => r.AskAgainAt(now));
        var reasons = task.Spec.AdapterIds.Where(state.Refusing.ContainsKey).Select(a => Refusal(a, state.Refusing[a]));
        var deferred = new TaskDeferred(task.Spec.TaskId, until, string.Join("; ", reasons));
        return SafeModeRule.Pause(state, now) is { } pause ? [deferred, pause] : [deferred];
    }

    private static string Refusal(string adapterId, AdapterRefusal refusal) => refusal is { Status: null, Reason: { } reason }
        ? $"{adapterId}: {BoundedText.Cut(reason, 500)}"
        : $"{adapterId} is {refusal.Word}";

    /// <summary>
    /// A tree that cannot be copied says that the machine is not usable: the run pauses instead of failing one task after the other.
    /// </summary>
    private static IReadOnlyList<Event> OnCopied(ExecutionState state, TaskState task, CopyOutcome copy, DateTimeOffset now)
    {
        if (copy.Problem is not { } problem) return SafeModeRule.AfterCopy(state, task.Spec.WorkingTree) is { } resumed ? [resumed] : [];
        var isTested = task is { Standing: TaskStanding.Testing, CancelRequested: null };
        return isTested ? OnPlaced(state, task, problem) : Unusable(state, task, problem, now);
    }

    /// <summary>The copy is there, so it is not the tree's fault that it cannot be read, and no rest will help.</summary>
    private static IReadOnlyList<Event> OnContext(ExecutionState state, TaskState task, ContextOutcome context)
    {
        if (context.Problem is not { } problem || state.Phase == ExecutionPhase.Stopping || task.CancelRequested is not null) return [];
        return [new TaskFailed(task.Spec.TaskId, $"its context cannot be read: {BoundedText.Cut(problem, 500)}", TaskFailure.Prepare, null)];
    }

    private static IReadOnlyList<Event> Unusable(ExecutionState state, TaskState task, string problem, DateTimeOffset now)
    {
        if (task.CancelRequested is not null) return [];
        if (state.Phase == ExecutionPhase.Stopping) return [new TaskDeferred(task.Spec.TaskId, now, "it was interrupted")];
        var reason = $"{task.Spec.WorkingTree} cannot be copied: {BoundedText.Cut(problem, 500)}";
        var deferred = new TaskDeferred(task.Spec.TaskId, now + EnvironmentRest, reason);
        if (state.Phase == ExecutionPhase.Paused) return [deferred];
        return [deferred, new ExecutionPaused(reason) { WorkingTree = task.Spec.WorkingTree }];
    }

    private static IReadOnlyList<Event> OnActed(ExecutionState state, TaskState task, EffectReport report, DateTimeOffset now)
    {
        var attempted = AttemptRule.Judge(task, state.AdapterOf(task), report);

        // What changed is captured first, also of an attempt that failed.
        if (task.Attempt!.Copy is not null) return [attempted];
        return [attempted, .. Concluded(state, task, task.Attempt with { Attempted = attempted }, null, now)];
    }

    private static IReadOnlyList<Event> OnAnswered(ExecutionState state, TaskState task, EffectReport report, DateTimeOffset now)
    {
        var problem = report switch
        {
            EffectCompleted { Outcome: ProcessOutcome run } done when AttemptRule.ProcessProblem(run, [0]) is { } found => $"the answered patch does not apply ({found})",
            EffectCompleted => null,
            _ => "it was interrupted while the answered patch was applied",
        };
        if (problem is null) return [];
        var attempted = task.Attempt!.Attempted! with { Result = AttemptResult.Failed, Reason = problem, CanRetry = task.Spec.RetrySafe, Cost = default, DurationMs = 0 };
        return [attempted, .. Concluded(state, task, task.Attempt with { Attempted = attempted }, null, now)];
    }

    private static IReadOnlyList<Event> OnCaptured(ExecutionState state, TaskState task, ChangesOutcome outcome, EffectCompleted done, DateTimeOffset now)
    {
        if (outcome.Problem is { } problem)
        {
            var reason = $"its changes cannot be recorded: {BoundedText.Cut(problem, 500)}";
            return [new TaskFailed(task.Spec.TaskId, reason, TaskFailure.Changes, null)];
        }

        var changes = outcome.Files == 0 ? null : ChangeSet.Read(done.Evidence[ChangesOutcome.ChangesName].Span);
        var patch = PatchRule.Declare(state, task, outcome, changes);
        if (changes is not null && ScopeRule.Violation(state, task, changes) is { } violation)
        {
            return [new TaskFailed(task.Spec.TaskId, violation, TaskFailure.PolicyViolation, patch)];
        }

        return Concluded(state, task, task.Attempt!, patch, now);
    }

    /// <summary>The adapter's part is over and its change is known: on to the tests, again, or the end.</summary>
    private static IReadOnlyList<Event> Concluded(
        ExecutionState state, TaskState task, TaskAttempt attempt, PatchDeclaration? patch, DateTimeOffset now)
    {
        var id = task.Spec.TaskId;
        if (task.CancelRequested is { } wish) return [Cancelled(task, wish, patch)];
        if (attempt is { Done: null, Attempted: { Result: AttemptResult.Interrupted, CanRetry: true } lost } && task.Interruptions < MaxInterruptions)
        {
            return [new TaskRetried(id, lost.Reason!, now, patch)];
        }

        if (attempt.Done is not null || attempt.Attempted is { Result: AttemptResult.Succeeded }) return [new TaskValidating(id, patch)];
        var attempted = attempt.Attempted!;
        var reason = attempted.Reason ?? "it failed";
        if (attempted.CanRetry && RetryRule.HasAttemptsLeft(state, task))
        {
            var pause = RetryRule.Pause(state.Declared.RunId, task, state.AdapterOf(task).Retry.Pauses, attempted.RetryAfterMs);
            return [new TaskRetried(id, reason, now + pause, patch)];
        }

        var said = Reason(state, task, attempted, reason);
        return attempted.Result == AttemptResult.TimedOut
            ? [new TaskTimedOut(id, said, patch)]
            : [new TaskFailed(id, said, attempted.OverBudget ? TaskFailure.Budget : TaskFailure.Attempt, patch)];
    }

    /// <summary>Why a task has failed, with why it is not attempted again.</summary>
    private static string Reason(ExecutionState state, TaskState task, TaskAttempted attempted, string reason)
    {
        if (attempted.CanRetry) return RetryRule.Held(state, task) is { } held ? $"{reason}; {held}" : reason;
        return task.Spec.RetrySafe || attempted.OverBudget ? reason : $"{reason}; the task is not declared retry_safe";
    }

    /// <summary>A copy in which the change is tested is ready, or why it is not. What was ended with the run is done again.</summary>
    private static IReadOnlyList<Event> OnPlaced(ExecutionState state, TaskState task, string? problem)
    {
        if (problem is null || state.Phase == ExecutionPhase.Stopping || task.CancelRequested is not null) return [];
        var isAgain = task.Standing is TaskStanding.Testing { Round: > 0 };
        var what = isAgain ? "the tree has moved on, and its change cannot be tested on what it is now" : "its change cannot be tested";
        var failure = isAgain ? TaskFailure.TreeMoved : TaskFailure.Prepare;
        return [new TaskFailed(task.Spec.TaskId, $"{what}: {BoundedText.Cut(problem, 500)}", failure, task.Patch)];
    }

    private static IReadOnlyList<Event> OnChecked(ExecutionState state, TaskState task, string name, CheckOutcome check)
    {
        if (check.Problem is { } problem) return OnPlaced(state, task, $"it is not known what {name} changed in the tree: {problem}");
        if (AcceptanceRule.Spoils(task.Spec.Test(name), check) is not { } spoiled) return [new TestChecked(task.Spec.TaskId, name, null)];
        var result = task.Tests.First(t => t.Name == name) with { Passed = false, Reason = spoiled };
        var told = FailedTest.Of(task.Spec, result, null, ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty);
        return [new TestChecked(task.Spec.TaskId, name, spoiled) { Output = told.Sha256, Attached = [told] }];
    }

    private static IReadOnlyList<Event> OnTested(ExecutionState state, TaskState task, string name, ProcessOutcome run, EffectCompleted done)
    {
        // Ended because the run stops or the task is cancelled, not because of itself.
        if (run.KillReason == KillReason.Cancelled) return [];
        var result = AcceptanceRule.Judge(task.Spec.Test(name), run, done.Evidence);
        if (result.Passed) return [new TaskTested(task.Spec.TaskId, result)];
        var told = FailedTest.Of(task.Spec, result, run, done.Evidence);
        return [new TaskTested(task.Spec.TaskId, result with { Output = told.Sha256 }) { Attached = [told] }];
    }

    private static IReadOnlyList<Event> OnCommitted(TaskState task, StreamAnswer answer) => answer switch
    {
        PatchAnswer { State: PatchState.Committed } => [new TaskCompleted(task.Spec.TaskId)],
        PatchAnswer { State: PatchState.ApplyFailed } failed =>
            [new TaskFailed(task.Spec.TaskId, failed.Reason ?? "the tree has moved on", TaskFailure.TreeMoved, null)],
        PatchAnswer { State: PatchState.Verified, Reason: { } moved } when task.Standing is TaskStanding.Testing { Round: < MaxRounds } =>
            [new TaskTreeMoved(task.Spec.TaskId, moved)],
        PatchAnswer { State: PatchState.Verified, Reason: { } moved } =>
            [new TaskFailed(task.Spec.TaskId, $"{NeverRests}: {moved}", TaskFailure.TreeMoved, task.Patch)],
        { NotDone: { } refusal } => [new TaskFailed(task.Spec.TaskId, refusal, TaskFailure.PatchLedger, null)],
        _ => [],
    };

    /// <summary>What follows for the tasks that an event was about, and for those that anything can follow for at any time.</summary>
    private static IEnumerable<Event> Following(ExecutionState state, TasksUnderWay underWay, IEnumerable<Event> batch, DateTimeOffset now)
    {
        var named = batch.OfType<TaskEvent>().Select(e => state.Task(e.TaskId));
        var touched = named.Concat(state.Tasks.InPlay(underWay)).Concat(state.Tasks.Doomed).DistinctBy(t => t.Spec.TaskId);
        foreach (var task in touched.OrderBy(t => state.Tasks.PlaceOf(t.Spec.TaskId)).Where(t => !t.HasEnded && !underWay.HasAny(t)))
        {
            if (task.CancelRequested is { } wish)
            {
                yield return Cancelled(task, wish, task.Patch);
                continue;
            }

            if (task.Phase == TaskPhase.Pending && FailedDependency(state, task) is { } failed)
            {
                yield return new TaskCancelled(task.Spec.TaskId, $"{DependencyFailed}: {failed} is {WireName<TaskPhase>.Of(state.Task(failed).Phase)}", null);
            }

            if (task is { Standing: TaskStanding.Working { Attempt.Done: not null }, Spec.WorkingTree: null })
            {
                yield return new TaskValidating(task.Spec.TaskId, null);
            }

            if (task.Standing is not TaskStanding.Testing { Attempt: var attempt } || !task.Spec.AcceptanceTests.All(attempt.IsTested)) continue;
            if (AcceptanceRule.Problem(task) is { } problem)
            {
                var isAgain = task.Standing is TaskStanding.Testing { Round: > 0 };
                var said = isAgain ? $"the tree has moved on, and on what it is now: {problem}" : problem;
                var pause = RetryRule.Pause(state.Declared.RunId, task, state.AdapterOf(task).Retry.Pauses, null);
                yield return RetryRule.IsAfterTests(state, task)
                    ? new TaskRetried(task.Spec.TaskId, said, now + pause, task.Patch)
                    : new TaskFailed(task.Spec.TaskId, said, TaskFailure.AcceptanceFailed, task.Patch);
            }
            else if (task.Patch is null) yield return new TaskCompleted(task.Spec.TaskId, task.Spec.WorkingTree is null ? null : NoChange);
        }
    }

    private static string? FailedDependency(ExecutionState state, TaskState task) =>
        task.Spec.DependsOn.FirstOrDefault(d => state.Task(d) is { HasEnded: true, Phase: not TaskPhase.Completed });
}
