using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;

namespace Assay.Lanes.Tasks;

/// <summary>
/// What may happen next in a run: the next ready task by priority, then order, as far as slots, adapters and write scopes allow.
/// </summary>
internal static class TaskSchedule
{
    internal static Work Next(ExecutionState state, TasksUnderWay underWay, DateTimeOffset now)
    {
        switch (state.Phase)
        {
            case ExecutionPhase.None:
                return new Work.Wait("a declaration");
            case ExecutionPhase.Stopping when !underWay.IsEmpty:
                return new Work.End("the run was stopped");
            case ExecutionPhase.Idle or ExecutionPhase.Stopping:
                return new Work.Wait("assay execute");
            case ExecutionPhase.Finished:
                return state.FollowUps.IsEmpty ? Work.Finished.Instance : new Work.Perform(FollowUps(state, underWay, now));
        }

        var inPlay = state.Tasks.InPlay(underWay).ToList();
        var steps = inPlay.SelectMany(t => Steps(state, underWay, inPlay, t));
        var effects = FollowUps(state, underWay, now).Concat(steps).Concat(Starts(state, underWay, inPlay, now)).ToList();
        var stop = inPlay.Where(t => t.CancelRequested is not null || t.HasEnded).SelectMany(underWay.Of).ToList();
        if (effects.Count > 0 || !underWay.IsEmpty) return new Work.Perform(effects) { Stop = stop };
        if (IsAtEnd(state, underWay)) return new Work.Wait("the end", now);
        if (inPlay.Exists(t => ReminderOf(state, t) <= now)) return new Work.Wait("a reminder", now);
        return new Work.Wait(WaitsFor(state, inPlay), NextTime(state, inPlay, now));
    }

    /// <summary>Every task has ended and nothing is left to be done for any.</summary>
    internal static bool IsAtEnd(ExecutionState state, TasksUnderWay underWay) =>
        state.Phase is ExecutionPhase.Running or ExecutionPhase.Paused && state.FollowUps.IsEmpty && underWay.IsEmpty && state.Tasks.HasEnded;

    /// <summary>When a person is to be reminded of a manual task; null: not, or not any more.</summary>
    public static DateTimeOffset? ReminderOf(ExecutionState state, TaskState task)
    {
        if (task is not { Attempt.IsReminded: false, StartedAt: { } since } || !state.WaitsForPerson(task)) return null;
        return state.AdapterOf(task).ReminderMs is { } after ? since + TimeSpan.FromMilliseconds(after) : null;
    }

    /// <summary>Whether nothing but people can bring a run on that has nothing under way.</summary>
    public static bool WaitsForPeople(ExecutionState state, DateTimeOffset now) =>
        state.Phase == ExecutionPhase.Running && state.Tasks.InPlay(TasksUnderWay.None).Any(state.WaitsForPerson)
        && !state.Tasks.Ready.Any(t => t.NotBefore > now);

    private static string WaitsFor(ExecutionState state, List<TaskState> inPlay) =>
        state.PauseReason ?? (inPlay.Exists(state.WaitsForPerson) ? "a person" : "the next attempt");

    /// <summary>When something may begin by itself. What could begin already and does not waits for something else.</summary>
    private static DateTimeOffset? NextTime(ExecutionState state, List<TaskState> inPlay, DateTimeOffset now)
    {
        var times = state.Tasks.Ready.Select(t => t.NotBefore)
            .Concat(inPlay.Select(t => ReminderOf(state, t)))
            .Concat(state.FollowUps.Values.OfType<WebhookFollowUp>().Select(w => w.NotBefore));
        return times.Where(t => t > now).Min();
    }

    private static IEnumerable<Effect> FollowUps(ExecutionState state, TasksUnderWay underWay, DateTimeOffset now)
    {
        var patched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, followUp) in state.FollowUps)
        {
            // A patch goes through its states in their order.
            if (followUp is PatchFollowUp patch && !patched.Add(patch.Patch.PatchId)) continue;
            if (followUp is CleanFollowUp clean && IsAtWork(state, underWay, clean)) continue;
            if (followUp is WebhookFollowUp { NotBefore: { } notBefore } && notBefore > now) continue;
            if (!underWay.Contains(id)) yield return TaskEffects.FollowUpOf(state, id, followUp);
        }
    }

    /// <summary>Whether something still works in the copies that are to be removed.</summary>
    private static bool IsAtWork(ExecutionState state, TasksUnderWay underWay, CleanFollowUp clean) =>
        state.Task(clean.TaskId) is var task && task.Attempts == clean.Attempt && underWay.HasAny(task);

    /// <summary>What a task that has been started needs next.</summary>
    private static IEnumerable<Effect> Steps(ExecutionState state, TasksUnderWay underWay, List<TaskState> inPlay, TaskState task)
    {
        if (task.CancelRequested is not null) return [];
        return task.Standing switch
        {
            { } standing when NeedsCopy(task, standing) => CopyStep(state, underWay, task),
            TaskStanding.Working working => Working(state, task, working.Attempt).Where(e => !underWay.Contains(e.Id)),
            TaskStanding.Testing testing => Testing(state, inPlay, task, testing).Where(e => !underWay.Contains(e.Id)),
            _ => [],
        };
    }

    private static bool NeedsCopy(TaskState task, TaskStanding standing) => task.Spec.WorkingTree is not null
        && standing is TaskStanding.Working { Attempt.Copy: null } or TaskStanding.Testing { Attempt.Copy: null };

    /// <summary>Copies that another attempt has left of the tree are rather waited for than made anew.</summary>
    private static IEnumerable<Effect> CopyStep(ExecutionState state, TasksUnderWay underWay, TaskState task)
    {
        var copy = TaskEffects.CopyOf(state, task);
        var areComing = state.FollowUps.Values.OfType<CleanFollowUp>()
            .Any(c => state.Task(c.TaskId).Spec.WorkingTree == task.Spec.WorkingTree && !IsAtWork(state, underWay, c));
        return areComing || underWay.Contains(copy.Id) ? [] : [copy];
    }

    private static IEnumerable<Effect> Working(ExecutionState state, TaskState task, TaskAttempt attempt)
    {
        if (state.WaitsForPerson(task)) yield break;
        if (TaskContext.IsMissing(task) && !state.IsManual(task)) yield return TaskContext.Gathered(task);
        else if (attempt.Attempted is null && !state.IsManual(task)) yield return TaskEffects.ActOf(state, task);
        else if (attempt.Copy is null) yield break;
        else if (attempt is { Attempted: { Answer: not null, Result: AttemptResult.Succeeded }, IsAnswerApplied: false }) yield return TaskEffects.AnswerOf(state, task);
        else yield return TaskEffects.CaptureOf(task);
    }

    private static IEnumerable<Effect> Testing(ExecutionState state, List<TaskState> inPlay, TaskState task, TaskStanding.Testing testing)
    {
        var attempt = testing.Attempt;
        if (attempt.Copy is not null && !testing.IsPrepared) return [TaskEffects.PrepareOf(task)];
        var open = task.Spec.AcceptanceTests.Where(t => !attempt.IsTested(t)).ToList();
        if (open.Count == 0)
        {
            var isNext = CommitQueue.IsReady(state, task) && CommitQueue.IsNext(state, inPlay, task);
            return isNext ? [TaskEffects.CommitOf(state, task)] : [];
        }

        // Those that may run beside others do so, each in a copy of its own; the rest one by one, and what each changed is put back first.
        return (open[0].Parallel ? open.TakeWhile(t => t.Parallel) : open.Take(1)).Select(test => TestStep(state, task, attempt, test));
    }

    private static Effect TestStep(ExecutionState state, TaskState task, TaskAttempt attempt, AcceptanceTest test)
    {
        if (attempt.HasRun(test)) return TaskEffects.CheckOf(task, test);
        if (attempt.CutShort == test.Name) return TaskEffects.ResetOf(task, test);
        var needsPlace = test.Parallel && attempt.Copy is not null && !attempt.Placed.Contains(test.Name);
        return needsPlace ? TaskEffects.PlaceOf(task, test) : TaskEffects.TestOf(state, task, test);
    }

    /// <summary>Permission is asked for tasks that are ready, as long as there are slots.</summary>
    private static IEnumerable<Effect> Starts(
        ExecutionState state, TasksUnderWay underWay, List<TaskState> inPlay, DateTimeOffset now)
    {
        var taken = inPlay.Where(t => t.IsActive || underWay.HasAny(t)).ToList();
        var slots = state.Jobs - taken.Count(t => !state.IsManual(t));
        var busy = taken.Where(t => t.IsActive).GroupBy(t => t.AdapterId!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var asking = taken.Where(t => t.Phase == TaskPhase.Pending).SelectMany(underWay.Of);
        foreach (var effectId in asking) Add(busy, TaskEffectId.Parse(effectId).Detail!);

        // In safe mode one call at a time finds out whether health has returned.
        var isProbing = taken.Exists(t => underWay.HasAny(t) || (t.IsActive && !state.IsManual(t)));
        if (state.Phase == ExecutionPhase.Paused) slots = isProbing ? 0 : Math.Min(slots, 1);
        var hasManual = state.Adapters.Values.Any(a => a.Kind == AdapterKind.Manual);
        foreach (var task in state.Tasks.Ready.Where(t => !underWay.HasAny(t)))
        {
            if (slots <= 0 && !hasManual) yield break;
            if (task.NotBefore > now || task.CancelRequested is not null || taken.Exists(t => ScopeRule.Overlap(t.Spec, task.Spec))) continue;
            var adapterId = task.Spec.AdapterIds[Math.Min(Refusals(task), task.Spec.AdapterIds.Length - 1)];
            var adapter = state.Adapters[adapterId];
            if (adapter.Kind != AdapterKind.Manual && slots <= 0) continue;
            if (busy.GetValueOrDefault(adapterId) >= adapter.Concurrency) continue;
            if (adapter.Kind != AdapterKind.Manual) slots--;
            Add(busy, adapterId);
            taken.Add(task);
            yield return TaskEffects.AskPermit(state, task, adapterId);
        }
    }

    /// <summary>How many adapters have refused a task in this round.</summary>
    internal static int Refusals(TaskState task) => (task.Standing as TaskStanding.Waiting)?.Refusals ?? 0;

    private static void Add(Dictionary<string, int> counts, string key) => counts[key] = counts.GetValueOrDefault(key) + 1;
}
