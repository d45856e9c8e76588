using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>The fold of a run: what each event makes of its state.</summary>
internal static class ExecutionFold
{
    public static ExecutionState Evolve(ExecutionState state, RecordedEvent recorded) => recorded.Body switch
    {
        ExecutionDeclared declared => state with { Declared = declared, Phase = ExecutionPhase.Idle },
        AdapterDeclared declared => state with { Adapters = state.Adapters.Add(declared.Adapter.AdapterId, declared.Adapter) },
        TaskDeclared declared => state with { Tasks = state.Tasks.Add(new TaskState(declared.Task)) },
        TaskAdded added => state with
        {
            Tasks = state.Tasks.Add(new TaskState(added.Task)),
            Phase = state.Phase == ExecutionPhase.Finished ? ExecutionPhase.Idle : state.Phase,
        },
        ExecutionStarted started => state with
        {
            Phase = ExecutionPhase.Running,
            Jobs = started.Jobs,
            PauseReason = null,
            StartedAt = state.StartedAt == default ? recorded.At : state.StartedAt,
            Refusing = state.Refusing.Clear(),
        },
        ExecutionStopped => state with { Phase = ExecutionPhase.Stopping },
        ExecutionPaused paused => state with { Phase = ExecutionPhase.Paused, PauseReason = paused.Reason },
        ExecutionResumed => state with { Phase = ExecutionPhase.Running, PauseReason = null },
        ExecutionFinished => state with
        {
            Phase = ExecutionPhase.Finished,
            Finishes = state.Finishes + 1,
            FollowUps = state.FollowUps.SetItem(Id(TaskEffectId.Publish, $"{state.Finishes + 1}"), new PublishFollowUp()),
        },
        Escalated escalated => Escalate(state, escalated, recorded.At),
        EscalationUndelivered undelivered => state with { FollowUps = state.FollowUps.Remove(Id(TaskEffectId.Escalate, undelivered.EscalationId)) },
        TaskEvent of => OnTask(state, of, recorded.At),
        EffectEvent effect => OnEffect(state, effect, recorded.At),
        _ => throw new InvalidOperationException($"a run records no {recorded.Body.GetType().Name}"),
    };

    private static ExecutionState Escalate(ExecutionState state, Escalated escalated, DateTimeOffset at)
    {
        var next = state with { Escalations = state.Escalations + 1 };
        return state.Declared.Escalation is null
            ? next
            : next with { FollowUps = next.FollowUps.Add(Id(TaskEffectId.Escalate, escalated.EscalationId), new WebhookFollowUp(escalated, at, 0, null)) };
    }

    private static ExecutionState OnTask(ExecutionState state, TaskEvent body, DateTimeOffset at)
    {
        var task = state.Task(body.TaskId);
        switch (body)
        {
            case TaskStarted started:
                return state.With(task with
                {
                    Phase = TaskPhase.InProgress,
                    AdapterId = started.AdapterId,
                    Attempts = started.Attempt,
                    StartedAt = task.StartedAt ?? at,
                    NotBefore = null,
                    Waits = null,
                    Refusals = 0,
                    Reminded = false,
                    Done = null,
                }) with
                { Refusing = state.Refusing.Remove(started.AdapterId) };
            case TaskDeferred deferred:
                return Leave(state, task, AdapterReport.Unknown).With(Fresh(task) with
                {
                    Phase = TaskPhase.Pending,
                    NotBefore = deferred.Until,
                    Waits = deferred.Reason,
                    Refusals = 0,
                    Forgiven = task.Forgiven + (task.IsActive ? 1 : 0),
                });
            case TaskAttempted attempted:
                var reported = task.Attempted is null ? Report(state, task, attempted.Health) : state;
                return reported.With(task with
                {
                    Attempted = attempted,
                    Cost = task.Cost + attempted.Cost,
                    IsCostUnknown = task.IsCostUnknown || attempted.IsCostUnknown,
                    Agent = attempted.Agent,
                });
            case ManualDone done:
                return state.With(task with { Done = done });
            case ManualReminded:
                return state.With(task with { Reminded = true });
            case TaskValidating validating:
                var valid = state.With(task with { Phase = TaskPhase.Validating, Patch = validating.Patch });
                return validating.Patch is { } patch ? Move(valid, task, patch, [PatchState.Created, PatchState.Validated], null) : valid;
            case TaskTested tested:
                return state.With(task with { Tests = task.Tests.Add(tested.Result) });
            case TaskRetried retried:
                var left = Leave(state, task, AdapterReport.Unknown);
                if (retried.Dropped is { } dropped) left = Move(left, task, dropped, [PatchState.Created, PatchState.Dropped], retried.Reason);
                var cut = task.Attempted is { Result: AttemptResult.Interrupted } ? 1 : 0;
                return left.With(Fresh(task) with
                {
                    Phase = TaskPhase.Pending,
                    NotBefore = retried.NotBefore,
                    Waits = retried.Reason,
                    Forgiven = task.Forgiven + cut,
                    Interruptions = task.Interruptions + cut,
                });
            case TaskEnded ended:
                return End(state, task, ended, at);
            case TaskReopened:
                return state.With(Fresh(task) with
                {
                    Phase = TaskPhase.Pending,
                    Forgiven = task.Attempts,
                    Failure = null,
                    Reason = null,
                    EndedAt = null,
                    NotBefore = null,
                    CancelRequested = null,
                    Patch = null,
                    Tests = [],
                }) with
                { Phase = state.Phase == ExecutionPhase.Finished ? ExecutionPhase.Idle : state.Phase };
            case TaskCancelRequested requested:
                return state.With(task with { CancelRequested = requested });
            default:
                return state;
        }
    }

    private static ExecutionState End(ExecutionState state, TaskState task, TaskEnded ended, DateTimeOffset at)
    {
        var (phase, rejected) = ended switch
        {
            TaskCompleted => (TaskPhase.Completed, null),
            TaskFailed failed => (TaskPhase.Failed, failed.Rejected),
            TaskTimedOut timedOut => (TaskPhase.TimedOut, timedOut.Rejected),
            TaskCancelled cancelled => (TaskPhase.Cancelled, cancelled.Rejected),
            _ => throw new InvalidOperationException($"unknown end {ended}"),
        };
        var failure = (ended as TaskFailed)?.Failure;
        var left = Leave(state, task, AdapterReport.Unknown);
        if (rejected is not null)
        {
            var last = PatchRule.IsDangerous(failure) ? PatchState.Quarantined : PatchState.Dropped;
            ImmutableArray<PatchState> through = task.Prepared ? [PatchState.Created, PatchState.Validated, PatchState.Applied, last]
                : task.Phase == TaskPhase.Validating ? [PatchState.Created, PatchState.Validated, last] : [PatchState.Created, last];
            left = Move(left, task, rejected, through, ended.Reason);
        }

        return left.With(task with
        {
            Phase = phase,
            Failure = failure,
            Reason = ended.Reason,
            EndedAt = at,
            Patch = task.Patch ?? rejected,
            Waits = null,
            NotBefore = null,
        });
    }

    /// <summary>The task without what its last attempt has left.</summary>
    private static TaskState Fresh(TaskState task) => task with
    {
        Copy = null,
        Attempted = null,
        AnswerApplied = false,
        Prepared = false,
        Patch = null,
        Tests = [],
        Done = null,
        Reminded = false,
        IsCommitting = false,
    };

    /// <summary>What is to be done when an attempt is over: its copies go, and its call is reported if nobody has.</summary>
    private static ExecutionState Leave(ExecutionState state, TaskState task, AdapterReport report)
    {
        var next = task.IsActive && task.Attempted is null ? Report(state, task, report) : state;
        if (!task.IsActive || task.Spec.WorkingTree is null) return next;
        var copies = TaskPaths.Copies(state.Declared.RunId, task.Spec.TaskId, task.Attempts);
        return next with { FollowUps = next.FollowUps.SetItem(Id(TaskEffectId.Clean, task.Spec.TaskId, $"{task.Attempts}"), new CleanFollowUp(task.Spec.TaskId, task.Attempts, copies)) };
    }

    private static ExecutionState Report(ExecutionState state, TaskState task, AdapterReport report) => state.IsManual(task)
        ? state
        : state with
        {
            FollowUps = state.FollowUps.SetItem(
                Id(TaskEffectId.Report, task.Spec.TaskId, $"{task.Attempts}"), new ReportFollowUp(task.AdapterId!, task.Ticket(state.Declared.RunId), report)),
        };

    private static ExecutionState Move(ExecutionState state, TaskState task, PatchDeclaration patch, ImmutableArray<PatchState> through, string? reason) => state with
    {
        PatchSteps = state.PatchSteps + 1,
        FollowUps = state.FollowUps.Add(Id(TaskEffectId.Patch, task.Spec.TaskId, $"{state.PatchSteps + 1:D8}"), new PatchFollowUp(task.Spec.TaskId, patch, through, reason)),
    };

    private static string Id(string kind, string of, string? detail = null) => new TaskEffectId(kind, of, detail).ToString();

    private static ExecutionState OnEffect(ExecutionState state, EffectEvent effect, DateTimeOffset at)
    {
        var id = TaskEffectId.Parse(effect.EffectId);
        if (id.TaskId is not { } taskId) return OnFollowUp(state, effect, at);
        var task = state.Task(taskId);
        if (effect is EffectStarted)
        {
            return id.Kind switch
            {
                TaskEffectId.Commit => state.With(task with { IsCommitting = true }),
                TaskEffectId.Act => state.With(task with { Egress = null, Gateway = null, Agent = null }),
                _ => state,
            };
        }

        if (effect is not EffectFinished { Outcome: var outcome }) return state;
        if (outcome is ProcessOutcome { Caps.IsUncaged: true }) task = task with { Uncaged = true };
        if (outcome is ProcessOutcome && GrantsOf(state, task, id) is { Network.IsOpen: true }) task = task with { NetworkOpen = true };
        if (outcome is ProcessOutcome run && id.Kind == TaskEffectId.Act) task = task with { Egress = run.Egress, Gateway = run.Gateway };
        switch (id.Kind, outcome)
        {
            case (TaskEffectId.Permit, AnswerOutcome { Answer: var answer }) when AdapterRefusal.Of(answer) is { } refusal:
                var refusing = state.Refusing.SetItem(id.Detail!, refusal);
                return state.With(task with { Refusals = task.Refusals + 1 }) with { Refusing = refusing };
            case (TaskEffectId.Copy, CopyOutcome { Problem: null } copy):
                return state.With(task with { Copy = copy });
            case (TaskEffectId.Answer, _):
                return state.With(task with { AnswerApplied = true });
            case (TaskEffectId.Prepare, ApplyOutcome { Applied: true }):
                return Move(state.With(task with { Prepared = true }), task, task.Patch!, [PatchState.Applied], null);
            default:
                return state.With(task);
        }
    }

    /// <summary>What the program was granted; null: nothing, or it is one of Assay's own.</summary>
    private static Grants? GrantsOf(ExecutionState state, TaskState task, TaskEffectId id) => id.Kind switch
    {
        TaskEffectId.Act => state.AdapterOf(task).Grants,
        TaskEffectId.Test => task.Spec.AcceptanceTests.FirstOrDefault(t => t.Name == id.Detail)?.Grants,
        _ => null,
    };

    private static ExecutionState OnFollowUp(ExecutionState state, EffectEvent effect, DateTimeOffset at)
    {
        if (effect is not EffectFinished finished) return state;
        if (state.FollowUps.GetValueOrDefault(effect.EffectId) is WebhookFollowUp webhook && !EscalationRule.IsDelivered(finished.Outcome))
        {
            var again = webhook with { Tries = webhook.Tries + 1, NotBefore = EscalationRule.NextTry(webhook, at) };
            return state with { FollowUps = state.FollowUps.SetItem(effect.EffectId, again) };
        }

        return state with { FollowUps = state.FollowUps.Remove(effect.EffectId) };
    }
}
