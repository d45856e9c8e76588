using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>What a run of tasks records, beside the effects (lane document: Tasks, Events).</summary>
public abstract record TaskLaneEvent : Event;

/// <summary>A run has come into being: what was asked for is fixed from here on.</summary>
public sealed record ExecutionDeclared : TaskLaneEvent
{
    public required string RunId { get; init; }

    /// <summary>Absolute path of the project, which holds <c>.state</c> and <c>logs</c>.</summary>
    public required string ProjectRoot { get; init; }

    /// <summary>The id of the project's stream.</summary>
    public required string ProjectId { get; init; }

    public required Digest QueueSha256 { get; init; }

    public required Digest RoutingSha256 { get; init; }

    public required Digest AdaptersSha256 { get; init; }

    public required int Tasks { get; init; }

    /// <summary>How long a breaker may be open before nothing more is started.</summary>
    public required long SafeModeAfterMs { get; init; }

    public EscalationTarget? Escalation { get; init; }

    /// <summary>Paths of the project that are Assay's own and never part of a task's tree.</summary>
    public required ImmutableArray<string> Own { get; init; }

    public required Actor By { get; init; }
}

public sealed record AdapterDeclared(AdapterSpec Adapter) : TaskLaneEvent;

public sealed record TaskDeclared(TaskSpec Task) : TaskLaneEvent;

/// <summary>A task was added to the queue of a run that was declared before.</summary>
/// <param name="Task">The task.</param>
/// <param name="By">Who declared the run anew.</param>
public sealed record TaskAdded(TaskSpec Task, Actor By) : TaskLaneEvent;

/// <summary>Somebody works on the run now, on so many tasks at once.</summary>
public sealed record ExecutionStarted(int Jobs, Actor By) : TaskLaneEvent;

/// <summary>What is under way is being ended; the run can go on later.</summary>
public sealed record ExecutionStopped(string By) : TaskLaneEvent;

/// <summary>Nothing more is started until health returns or a person says so.</summary>
public sealed record ExecutionPaused(string Reason) : TaskLaneEvent;

public sealed record ExecutionResumed(string By) : TaskLaneEvent;

/// <summary>Every task has ended.</summary>
public sealed record ExecutionFinished(int Completed, int Failed, int TimedOut, int Cancelled) : TaskLaneEvent;

/// <summary>Something that concerns one task.</summary>
public abstract record TaskEvent(string TaskId) : TaskLaneEvent;

/// <summary>An adapter takes the task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="AdapterId">The adapter.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Fallback">Whether another adapter was asked before and could not.</param>
public sealed record TaskStarted(string TaskId, string AdapterId, int Attempt, bool Fallback) : TaskEvent(TaskId);

/// <summary>No adapter can take the task now.</summary>
public sealed record TaskDeferred(string TaskId, DateTimeOffset Until, string Reason) : TaskEvent(TaskId);

/// <summary>The adapter has done its part, or failed in it.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Reason">Why it failed.</param>
/// <param name="CanRetry">Whether another attempt does no harm.</param>
/// <param name="RetryAfterMs">How long the adapter asks to wait.</param>
/// <param name="Health">What the attempt says of the adapter itself.</param>
/// <param name="Answer">A patch that the adapter answered, to be applied to the copy.</param>
/// <param name="Cost">What it cost.</param>
/// <param name="DurationMs">How long it took.</param>
public sealed record TaskAttempted(
    string TaskId, AttemptResult Result, string? Reason, bool CanRetry, long? RetryAfterMs, AdapterReport Health, Digest? Answer,
    [property: JsonPropertyName("cost_micro_usd")] Usd Cost, long DurationMs)
    : TaskEvent(TaskId)
{
    /// <summary>
    /// Whether the adapter did not come to an end of its own: no process, a foreign signal, or no answer. Earlier builds do not say.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Crashed { get; init; }

    /// <summary>What the agent says that it did; null: the adapter is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AgentRecord? Agent { get; init; }

    /// <summary>Whether it cost something that nobody knows, so that <see cref="Cost"/> says nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsCostUnknown { get; init; }
}

/// <summary>How an adapter's part ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptResult>))]
public enum AttemptResult
{
    [JsonStringEnumMemberName("SUCCEEDED")]
    Succeeded,

    [JsonStringEnumMemberName("FAILED")]
    Failed,

    [JsonStringEnumMemberName("TIMEOUT")]
    TimedOut,

    /// <summary>Ended by us, or lost with the engine.</summary>
    [JsonStringEnumMemberName("INTERRUPTED")]
    Interrupted,
}

/// <summary>A person has done what a manual task asked for.</summary>
public sealed record ManualDone(string TaskId, Actor By, string? Note, ImmutableArray<EvidenceFile> Evidence) : TaskEvent(TaskId);

/// <summary>A file that a person gave as evidence; the ledger keeps its bytes.</summary>
public sealed record EvidenceFile(string Name, long SizeBytes, Digest Sha256);

public sealed record ManualFailed(string TaskId, Actor By, string Reason) : TaskEvent(TaskId);

public sealed record ManualReminded(string TaskId) : TaskEvent(TaskId);

/// <summary>The change is permitted and is tested now.</summary>
public sealed record TaskValidating(string TaskId, PatchDeclaration? Patch) : TaskEvent(TaskId);

/// <summary>An acceptance test has ended.</summary>
public sealed record TaskTested(string TaskId, TestResult Result) : TaskEvent(TaskId);

/// <summary>What came of an acceptance test.</summary>
/// <param name="Name">The test.</param>
/// <param name="Required">Whether the task fails with it.</param>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Tests">How many cases the report holds.</param>
/// <param name="Failures">How many of them failed.</param>
/// <param name="Reason">Why it did not pass.</param>
/// <param name="FirstFailures">The first failures, as the report words them.</param>
/// <param name="DurationMs">How long it took.</param>
public sealed record TestResult(
    string Name, bool Required, bool Passed, long Tests, long Failures, string? Reason, ImmutableArray<string> FirstFailures, long DurationMs)
{
    /// <summary>What it tried to reach; null where that was not watched, or nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Egress? Egress { get; init; }
}

/// <summary>The task goes back to wait for another attempt.</summary>
public sealed record TaskRetried(string TaskId, string Reason, DateTimeOffset NotBefore, PatchDeclaration? Dropped) : TaskEvent(TaskId);

/// <summary>The task has ended.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Reason">Why, as a short rule with what a person wants to know; null: it did what was asked.</param>
public abstract record TaskEnded(string TaskId, string? Reason) : TaskEvent(TaskId);

public sealed record TaskCompleted(string TaskId) : TaskEnded(TaskId, null);

/// <summary>It failed.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Reason">Why.</param>
/// <param name="Failure">What it failed at.</param>
/// <param name="Rejected">A change that is recorded and will not come into the real tree.</param>
public sealed record TaskFailed(string TaskId, string Reason, [property: JsonPropertyName("rule")] TaskFailure Failure, PatchDeclaration? Rejected) : TaskEnded(TaskId, Reason);

public sealed record TaskTimedOut(string TaskId, string Reason, PatchDeclaration? Rejected) : TaskEnded(TaskId, Reason);

public sealed record TaskCancelled(string TaskId, string Reason, PatchDeclaration? Rejected) : TaskEnded(TaskId, Reason);

/// <summary>A person lets a task that has ended be tried again.</summary>
public sealed record TaskReopened(string TaskId, Actor By, string? Reason) : TaskEvent(TaskId);

public sealed record TaskCancelRequested(string TaskId, Actor By, string? Reason) : TaskEvent(TaskId);

/// <summary>A person ought to know.</summary>
public sealed record Escalated(string EscalationId, string Trigger, string? TaskId, string? AdapterId, string Message) : TaskLaneEvent;

/// <summary>The webhook did not take it, and it is not tried again.</summary>
public sealed record EscalationUndelivered(string EscalationId, string Reason) : TaskLaneEvent;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExecutionDeclared))]
[JsonSerializable(typeof(AdapterDeclared))]
[JsonSerializable(typeof(TaskAdded))]
[JsonSerializable(typeof(TaskDeclared))]
[JsonSerializable(typeof(ExecutionStarted))]
[JsonSerializable(typeof(ExecutionStopped))]
[JsonSerializable(typeof(ExecutionPaused))]
[JsonSerializable(typeof(ExecutionResumed))]
[JsonSerializable(typeof(ExecutionFinished))]
[JsonSerializable(typeof(TaskStarted))]
[JsonSerializable(typeof(TaskDeferred))]
[JsonSerializable(typeof(TaskAttempted))]
[JsonSerializable(typeof(ManualDone))]
[JsonSerializable(typeof(ManualFailed))]
[JsonSerializable(typeof(ManualReminded))]
[JsonSerializable(typeof(TaskValidating))]
[JsonSerializable(typeof(TaskTested))]
[JsonSerializable(typeof(TaskRetried))]
[JsonSerializable(typeof(TaskCompleted))]
[JsonSerializable(typeof(TaskFailed))]
[JsonSerializable(typeof(TaskTimedOut))]
[JsonSerializable(typeof(TaskCancelled))]
[JsonSerializable(typeof(TaskReopened))]
[JsonSerializable(typeof(TaskCancelRequested))]
[JsonSerializable(typeof(Escalated))]
[JsonSerializable(typeof(EscalationUndelivered))]
[JsonSerializable(typeof(PatchCreated))]
[JsonSerializable(typeof(PatchMoved))]
[JsonSerializable(typeof(PatchRequested))]
[JsonSerializable(typeof(PatchRefused))]
[JsonSerializable(typeof(ProjectOpened))]
[JsonSerializable(typeof(ResultsPublished))]
[JsonSerializable(typeof(AdapterConfigured))]
[JsonSerializable(typeof(CircuitCounted))]
[JsonSerializable(typeof(CircuitOpened))]
[JsonSerializable(typeof(CircuitHalfOpened))]
[JsonSerializable(typeof(ProbeGranted))]
[JsonSerializable(typeof(ProbeReported))]
[JsonSerializable(typeof(AdapterSpec))]
[JsonSerializable(typeof(TaskSpec))]
[JsonSerializable(typeof(CircuitClosed))]
[JsonSerializable(typeof(HealthChanged))]
[JsonSerializable(typeof(CheckRequested))]
[JsonSerializable(typeof(ModelCall))]
[JsonSerializable(typeof(EgressAttempt))]
[JsonSerializable(typeof(AgentRecord))]
[JsonSerializable(typeof(PermitAnswer))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(PatchAnswer))]
public sealed partial class TaskJson : JsonSerializerContext;
