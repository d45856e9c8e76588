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
        ExecutionStarted started => Interrupted(state, recorded.At) with
        {
            Phase = ExecutionPhase.Running,
            Jobs = started.Jobs,
            Pause = null,
            StartedAt = state.StartedAt == default ? recorded.At : state.StartedAt,
            Refusing = state.Refusing.Clear(),
        },
        ExecutionStopped => state with { Phase = ExecutionPhase.Stopping },
        ExecutionPaused paused => state with { Phase = ExecutionPhase.Paused, Pause = paused },
        ExecutionResumed => state with { Phase = ExecutionPhase.Running, Pause = null, Told = null },
        ExecutionFinished => state with
        {
            Phase = ExecutionPhase.Finished,
            Pause = null,
            Finishes = state.Finishes + 1,
            FollowUps = state.FollowUps.SetItem(Id(TaskEffectId.Publish, $"{state.Finishes + 1}"), new PublishFollowUp()),
        },
        Escalated escalated => Escalate(state, escalated, recorded.At),
        EscalationUndelivered undelivered => state with { FollowUps = state.FollowUps.Remove(Id(TaskEffectId.Escalate, undelivered.EscalationId)) },
        TaskEvent of => Timed(state, OnTask(state, of, recorded.At), of, recorded.At),
        EffectInterrupted lost => OnEffect(Interrupted(state, recorded.At), lost, recorded.At),
        EffectEvent effect => OnEffect(state, effect, recorded.At) with { EngineAt = recorded.At },
        _ => throw new InvalidOperationException($"a run records no {recorded.Body.GetType().Name}"),
    };

    private static ExecutionState Escalate(ExecutionState state, Escalated escalated, DateTimeOffset at)
    {
        var told = escalated.Trigger == EscalationRule.SafeMode ? state.Pause : state.Told;
        var next = state with { Escalations = state.Escalations + 1, Told = told };
        return state.Declared.Escalation is null
            ? next
            : next with { FollowUps = next.FollowUps.Add(Id(TaskEffectId.Escalate, escalated.EscalationId), new WebhookFollowUp(escalated, at, 0, null)) };
    }

    private static ExecutionState Timed(ExecutionState before, ExecutionState after, TaskEvent body, DateTimeOffset at)
    {
        var (was, now) = (before.Task(body.TaskId), after.Task(body.TaskId));
        var clock = was.Clock.After(TaskClock.PastimeOf(before, was), TaskClock.PastimeOf(after, now), body is TaskStarted, at);
        return clock == now.Clock ? after : after.With(now with { Clock = clock });
    }

    /// <summary>Nobody worked on the tasks since the engine before did something, or nobody knows of it.</summary>
    private static ExecutionState Interrupted(ExecutionState state, DateTimeOffset at)
    {
        foreach (var task in state.Tasks.InPlay(TasksUnderWay.None).ToList())
        {
            if (TaskClock.PastimeOf(state, task) != TaskClock.Pastime.Works) continue;
            state = state.With(task with { Clock = task.Clock.Interrupted(state.EngineAt, at) });
        }

        return state with { EngineAt = at };
    }

    private static ExecutionState OnTask(ExecutionState state, TaskEvent body, DateTimeOffset at)
    {
        var task = state.Task(body.TaskId);
        switch (body)
        {
            case TaskStarted started:
                return state.With(task with
                {
                    Standing = new TaskStanding.Working(new TaskAttempt()),
                    Call = (task.Call ?? new AdapterCall(started.AdapterId)) with { AdapterId = started.AdapterId },
                    Attempts = started.Attempt,
                    StartedAt = task.StartedAt ?? at,
                }) with
                { Refusing = state.Refusing.Remove(started.AdapterId) };
            case TaskDeferred deferred:
                return Leave(state, task, AdapterReport.Unknown).With(task with
                {
                    Standing = new TaskStanding.Waiting(deferred.Until, deferred.Reason),
                    Forgiven = task.Forgiven + (task.IsActive ? 1 : 0),
                });
            case TaskAttempted attempted:
                var reported = task.Attempt is { Attempted: null } ? Report(state, task, attempted.Health) : state;
                return reported.With(Changed(task, a => a with { Attempted = attempted }) with
                {
                    Cost = task.Cost + attempted.Cost,
                    IsCostUnknown = task.IsCostUnknown || attempted.IsCostUnknown,
                    Call = task.Call! with { Agent = attempted.Agent },
                });
            case ManualDone done:
                return state.With(Changed(task, a => a with { Done = done }));
            case ManualReminded:
                return state.With(Changed(task, a => a with { IsReminded = true }));
            case TaskValidating validating:
                var valid = state.With(task with { Standing = new TaskStanding.Testing(task.Attempt! with { Patch = validating.Patch }) });
                return validating.Patch is { } patch ? Move(valid, task, patch, [PatchState.Created, PatchState.Validated], null) : valid;
            case TaskTested tested:
                return state.With(Changed(task, a => a with { Tests = a.Tests.Add(tested.Result) }));
            case TestChecked looked:
                return state.With(Changed(task, a => a with
                {
                    Checked = a.Checked.Add(looked.Name),
                    Tests = [.. a.Tests.Select(t => AcceptanceRule.Checked(t, looked))],
                }));
            case TaskTreeMoved when task.Standing is TaskStanding.Testing testing:
                var again = testing.Attempt with { Copy = null, Tests = [], Placed = [], Checked = [] };
                return state.With(task with { Standing = new TaskStanding.Testing(again, Round: testing.Round + 1) });
            case TaskRetried retried:
                var left = Leave(state, task, AdapterReport.Unknown);
                var last = task.Standing is TaskStanding.Testing ? PatchState.Quarantined : PatchState.Dropped;
                if (retried.Dropped is { } dropped) left = Move(left, task, dropped, Through(task, last), retried.Reason);
                var cut = task.Attempt?.Attempted is { Result: AttemptResult.Interrupted } ? 1 : 0;
                return left.With(task with
                {
                    Standing = new TaskStanding.Waiting(retried.NotBefore, retried.Reason),
                    Forgiven = task.Forgiven + cut,
                    FailedAcceptance = task.FailedAcceptance + (task.Standing is TaskStanding.Testing ? 1 : 0),
                    Interruptions = task.Interruptions + cut,
                    FailedTests = FailedTest.After(task),
                });
            case TaskEnded ended:
                return End(state, task, ended, at);
            case TaskReopened:
                return state.With(task with { Standing = new TaskStanding.Waiting(), Forgiven = task.Attempts, CancelRequested = null }) with
                {
                    Phase = state.Phase == ExecutionPhase.Finished ? ExecutionPhase.Idle : state.Phase,
                };
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
            left = Move(left, task, rejected, Through(task, last), ended.Reason);
        }

        var attempt = task.Attempt is { Patch: null } unpatched ? unpatched with { Patch = rejected } : task.Attempt;
        return left.With(task with
        {
            Standing = new TaskStanding.Ended(phase, at, failure, ended.Reason, attempt),
            FailedAcceptance = task.FailedAcceptance + (failure == TaskFailure.AcceptanceFailed ? 1 : 0),
            FailedTests = FailedTest.After(task),
        });
    }

    /// <summary>The states of a change that does not come into the real tree, from where its task stands.</summary>
    private static ImmutableArray<PatchState> Through(TaskState task, PatchState last) => task.Standing switch
    {
        // It had passed its tests, on a tree that is no more.
        TaskStanding.Testing { Round: > 0 } => [PatchState.Verified, PatchState.ApplyFailed],
        TaskStanding.Testing { IsPrepared: true } => [PatchState.Created, PatchState.Validated, PatchState.Applied, last],
        TaskStanding.Testing => [PatchState.Created, PatchState.Validated, last],
        _ => [PatchState.Created, last],
    };

    /// <summary>The task with its attempt changed; one that has none stays as it is.</summary>
    private static TaskState Changed(TaskState task, Func<TaskAttempt, TaskAttempt> change) =>
        task.Attempt is { } attempt ? task.With(change(attempt)) : task;

    /// <summary>What is to be done when an attempt is over: its copies go, and its call is reported if nobody has.</summary>
    private static ExecutionState Leave(ExecutionState state, TaskState task, AdapterReport report)
    {
        var next = task is { IsActive: true, Attempt.Attempted: null } ? Report(state, task, report) : state;
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
            return (id.Kind, task.Standing) switch
            {
                (TaskEffectId.Commit, TaskStanding.Testing testing) => state.With(task with { Standing = testing with { IsCommitting = true } }),
                (TaskEffectId.Act, _) => state.With(task with { Call = new AdapterCall(task.AdapterId!) }),
                _ => state,
            };
        }

        if (effect is EffectInterrupted && id.Kind == TaskEffectId.Test) return state.With(Changed(task, a => a.Without(task.Spec.Test(id.Detail!))));
        if (effect is not EffectFinished { Outcome: var outcome }) return state;
        if (outcome is ProcessOutcome { Caps.IsUncaged: true }) task = task with { Uncaged = true };
        if (outcome is ProcessOutcome && GrantsOf(state, task, id) is { Network.IsOpen: true }) task = task with { NetworkOpen = true };
        if (outcome is ProcessOutcome run && id.Kind == TaskEffectId.Act) task = task with { Call = task.Call! with { Egress = run.Egress, Gateway = run.Gateway } };
        switch (id.Kind, outcome)
        {
            case (TaskEffectId.Permit, AnswerOutcome { Answer: var answer }) when AdapterRefusal.Of(answer) is { } refusal:
                var refusing = state.Refusing.SetItem(id.Detail!, refusal);
                return state.With(Refused(task)) with { Refusing = refusing };
            case (TaskEffectId.Copy, CopyOutcome { Problem: null } copy):
                return state.With(Changed(task, a => a with { Copy = copy }));
            case (TaskEffectId.Context, ContextOutcome { Problem: null } context):
                return state.With(Changed(task, a => a with { Context = context }));
            case (TaskEffectId.Answer, _):
                return state.With(Changed(task, a => a with { IsAnswerApplied = true }));
            case (TaskEffectId.Prepare, ApplyOutcome { Applied: true }) when task.Standing is TaskStanding.Testing testing:
                var prepared = state.With(task with { Standing = testing with { IsPrepared = true } });
                return task.Patch is { } patch && testing.Round == 0 ? Move(prepared, task, patch, [PatchState.Applied], null) : prepared;
            case (TaskEffectId.Test, ProcessOutcome { KillReason: KillReason.Cancelled }):
                return state.With(Changed(task, a => a.Without(task.Spec.Test(id.Detail!))));
            case (TaskEffectId.Reset, CheckOutcome { Problem: null }):
                return state.With(Changed(task, a => a with { CutShort = null }));
            case (TaskEffectId.Place, CopyOutcome { Problem: null }):
                return state.With(Changed(task, a => a with { Placed = a.Placed.Add(id.Detail!) }));
            default:
                return state.With(task);
        }
    }

    private static TaskState Refused(TaskState task) =>
        task.Standing is TaskStanding.Waiting waiting ? task with { Standing = waiting with { Refusals = waiting.Refusals + 1 } } : task;

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
