using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>When a person ought to know, and how the webhook is told (seed 001: ai_escalation_triggers).</summary>
internal static class EscalationRule
{
    public const string CircuitOpened = "circuit_opened";
    public const string AcceptanceFailedRepeatedly = "acceptance_failed_repeatedly";
    public const string TaskTimeout = "task_timeout";
    public const string AdapterCrashed = "adapter_crashed";
    public const string ManualWaits = "manual_task_waits";
    public const string SafeMode = "safe_mode";

    /// <summary>How often tasks of a run fail their tests, whichever they are, before that is called repeatedly.</summary>
    private const int Repeatedly = 2;

    private const int MaxTries = 10;
    private const long TimeoutMs = 15_000;

    private static readonly BackOff Pauses = new(BackOffGrowth.Exponential, 2_000, 300_000, Jitter: false);

    /// <summary>What is escalated because of events that are about to be recorded. The state contains them.</summary>
    public static IEnumerable<Escalated> After(ExecutionState state, IEnumerable<Event> events)
    {
        var number = state.Escalations;
        foreach (var body in events)
        {
            var escalation = body switch
            {
                TaskTimedOut ended => (TaskTimeout, ended.TaskId, ended.Reason!),
                TaskFailed { Failure: TaskFailure.AcceptanceFailed } ended
                    when state.Tasks.FailedAcceptance >= Repeatedly =>
                    (AcceptanceFailedRepeatedly, ended.TaskId, ended.Reason!),
                TaskAttempted { Result: AttemptResult.Failed, Health: AdapterReport.Failed, Crashed: true, Reason: { } reason } attempted =>
                    (AdapterCrashed, attempted.TaskId, reason),
                ManualReminded reminded => (ManualWaits, reminded.TaskId, $"{state.Task(reminded.TaskId).Spec.Title} waits for a person"),
                ExecutionPaused paused when state.Told?.IsAbout(paused) != true => (SafeMode, null, paused.Reason),
                _ => ((string, string?, string)?)null,
            };
            if (escalation is not var (trigger, taskId, message)) continue;
            var adapter = taskId is null ? null : state.Task(taskId).AdapterId;
            yield return new Escalated(IdOf(state, ++number), trigger, taskId, adapter, message);
        }
    }

    /// <summary>The escalation of a breaker that a report has opened.</summary>
    public static Escalated Opened(ExecutionState state, string taskId, string adapterId) => new(
        IdOf(state, state.Escalations + 1), CircuitOpened, taskId, adapterId, $"the circuit breaker of {adapterId} is open");

    /// <summary>Tells the webhook. A repetition has the same id, by which its receiver knows it.</summary>
    public static CallHttp Call(ExecutionState state, string effectId, WebhookFollowUp webhook)
    {
        var target = state.Declared.Escalation!;
        var escalation = webhook.Escalation;
        var body = new JsonObject
        {
            ["schema_version"] = "escalation_v1",
            ["escalation_id"] = escalation.EscalationId,
            ["run_id"] = state.Declared.RunId,
            ["trigger"] = escalation.Trigger,
            ["message"] = escalation.Message,
            ["at"] = RecordedTime.Text(webhook.At),
        };
        if (escalation.TaskId is { } task) body["task_id"] = task;
        if (escalation.AdapterId is { } adapter) body["adapter_id"] = adapter;
        return new CallHttp(effectId)
        {
            Method = "POST",
            Url = target.WebhookUrl,
            Headers = ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase).Add("X-Assay-Escalation", escalation.EscalationId),
            Body = System.Text.Encoding.UTF8.GetString(JsonLine.Canonical(body)),
            SigningKeyVariable = target.SecretVariable,
            TimeoutMs = TimeoutMs,
            MaxResponseBytes = 64 << 10,
            ResponseFile = TaskPaths.Webhook(state.Declared.RunId, escalation.EscalationId),
            Repeatable = true,
        };
    }

    public static bool IsDelivered(EffectOutcome outcome) => outcome is HttpOutcome { Status: >= 200 and < 300 };

    /// <summary>When an escalation that was not taken is sent again.</summary>
    public static DateTimeOffset NextTry(WebhookFollowUp webhook, DateTimeOffset at) =>
        at + Pauses.Pause(webhook.Tries + 1, webhook.Escalation.EscalationId);

    /// <summary>The end of an escalation that nobody takes; null while it is tried again.</summary>
    public static EscalationUndelivered? GiveUp(WebhookFollowUp webhook, EffectOutcome outcome)
    {
        if (IsDelivered(outcome) || webhook.Tries < MaxTries) return null;
        var http = (HttpOutcome)outcome;
        return new EscalationUndelivered(webhook.Escalation.EscalationId, http.Problem ?? $"answered {http.Status}");
    }

    private static string IdOf(ExecutionState state, int number) => $"{state.Declared.RunId}-E{number}";
}
