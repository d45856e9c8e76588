using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Something that concerns one task.</summary>
internal abstract record TaskEvent(string TaskId) : TaskLaneEvent;

/// <summary>An adapter takes the task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="AdapterId">The adapter.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Fallback">Whether another adapter was asked before and could not.</param>
internal sealed record TaskStarted(string TaskId, string AdapterId, int Attempt, bool Fallback) : TaskEvent(TaskId)
{
    /// <summary>What it is told of tests that failed before, each a document of the ledger; null: nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<Digest>? FailedTests { get; init; }
}

/// <summary>No adapter can take the task now.</summary>
internal sealed record TaskDeferred(string TaskId, DateTimeOffset Until, string Reason) : TaskEvent(TaskId);

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
internal sealed record TaskAttempted(
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

    /// <summary>Whether its task's limit of money has ended it. Earlier builds do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OverBudget { get; init; }
}

/// <summary>How an adapter's part ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptResult>))]
internal enum AttemptResult
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
internal sealed record ManualDone(string TaskId, Actor By, string? Note, ImmutableArray<EvidenceFile> Evidence) : TaskEvent(TaskId);

/// <summary>A file that a person gave as evidence; the ledger keeps its bytes.</summary>
internal sealed record EvidenceFile(string Name, long SizeBytes, Digest Sha256);

internal sealed record ManualFailed(string TaskId, Actor By, string Reason) : TaskEvent(TaskId);

internal sealed record ManualReminded(string TaskId) : TaskEvent(TaskId);

/// <summary>The change is permitted and is tested now.</summary>
internal sealed record TaskValidating(string TaskId, PatchDeclaration? Patch) : TaskEvent(TaskId);

/// <summary>An acceptance test has ended.</summary>
internal sealed record TaskTested(string TaskId, TestResult Result) : TaskEvent(TaskId);

/// <summary>It is known what a test did to the tree in which it ran, and that was put back.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Name">The test.</param>
/// <param name="Spoiled">Why it has not passed: it changed what it was to test, or what the next one was to find; null: it did not.</param>
internal sealed record TestChecked(string TaskId, string Name, string? Spoiled) : TaskEvent(TaskId)
{
    /// <summary>What the next attempt is told of it where it had passed by itself; null: nothing new.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? Output { get; init; }
}

/// <summary>The tree is not the one on which the change was tested: it is put on the tree as it is now, and tested there.</summary>
internal sealed record TaskTreeMoved(string TaskId, string Reason) : TaskEvent(TaskId);

/// <summary>What came of an acceptance test.</summary>
/// <param name="Name">The test.</param>
/// <param name="Required">Whether the task fails with it.</param>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Tests">How many cases the report holds.</param>
/// <param name="Failures">How many of them failed.</param>
/// <param name="Reason">Why it did not pass.</param>
/// <param name="FirstFailures">The first failures, as the report words them.</param>
/// <param name="DurationMs">How long it took.</param>
internal sealed record TestResult(
    string Name, bool Required, bool Passed, long Tests, long Failures, string? Reason, ImmutableArray<string> FirstFailures, long DurationMs)
{
    /// <summary>What it tried to reach; null where that was not watched, or nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Egress? Egress { get; init; }

    /// <summary>
    /// What the next attempt is told of it, a document of the ledger; null where it passed, and in what earlier builds recorded.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? Output { get; init; }
}

/// <summary>The task goes back to wait for another attempt.</summary>
internal sealed record TaskRetried(string TaskId, string Reason, DateTimeOffset NotBefore, PatchDeclaration? Dropped) : TaskEvent(TaskId);

/// <summary>The task has ended.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Reason">Why, as a short rule with what a person wants to know; null: nothing is to be said.</param>
internal abstract record TaskEnded(string TaskId, string? Reason) : TaskEvent(TaskId);

/// <summary>It did what was asked, as far as its tests can tell.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Reason">What a person ought to know all the same; null: nothing. Earlier builds never say anything.</param>
internal sealed record TaskCompleted(string TaskId, string? Reason = null) : TaskEnded(TaskId, Reason);

/// <summary>It failed.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Reason">Why.</param>
/// <param name="Failure">What it failed at.</param>
/// <param name="Rejected">A change that is recorded and will not come into the real tree.</param>
internal sealed record TaskFailed(string TaskId, string Reason, [property: JsonPropertyName("rule")] TaskFailure Failure, PatchDeclaration? Rejected) : TaskEnded(TaskId, Reason);

internal sealed record TaskTimedOut(string TaskId, string Reason, PatchDeclaration? Rejected) : TaskEnded(TaskId, Reason);

internal sealed record TaskCancelled(string TaskId, string Reason, PatchDeclaration? Rejected) : TaskEnded(TaskId, Reason);

/// <summary>A person lets a task that has ended be tried again.</summary>
internal sealed record TaskReopened(string TaskId, Actor By, string? Reason) : TaskEvent(TaskId);

internal sealed record TaskCancelRequested(string TaskId, Actor By, string? Reason) : TaskEvent(TaskId);
