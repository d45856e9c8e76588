using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Where a task stands (lane document: Tasks, Task states).</summary>
public enum TaskPhase
{
    /// <summary>Waits for its turn, its dependencies, an adapter, or the pause before another attempt. To InProgress or Cancelled.</summary>
    [JsonStringEnumMemberName("PENDING")]
    Pending,

    /// <summary>An adapter works on it. To Validating, back to Pending on a retry, or to an end.</summary>
    [JsonStringEnumMemberName("IN_PROGRESS")]
    InProgress,

    /// <summary>Its change is tested. To Completed, Failed or Cancelled.</summary>
    [JsonStringEnumMemberName("VALIDATING")]
    Validating,

    /// <summary>Tested, and in the real tree. The end.</summary>
    [JsonStringEnumMemberName("COMPLETED")]
    Completed,

    /// <summary>The end, unless a person reopens it.</summary>
    [JsonStringEnumMemberName("FAILED")]
    Failed,

    /// <summary>Its time ran out. The end, unless a person reopens it.</summary>
    [JsonStringEnumMemberName("TIMEOUT")]
    TimedOut,

    /// <summary>By a person, or because a dependency did not complete. The end, unless a person reopens it.</summary>
    [JsonStringEnumMemberName("CANCELLED")]
    Cancelled,
}

/// <summary>A task of a run, folded from the run's events.</summary>
public sealed record TaskState(TaskSpec Spec)
{
    public TaskPhase Phase { get; init; }

    public bool HasEnded => Phase is TaskPhase.Completed or TaskPhase.Failed or TaskPhase.TimedOut or TaskPhase.Cancelled;

    /// <summary>An adapter has it.</summary>
    public bool IsActive => Phase is TaskPhase.InProgress or TaskPhase.Validating;

    public int Attempts { get; init; }

    /// <summary>Attempts before a person reopened the task, which do not count any more.</summary>
    public int Forgiven { get; init; }

    /// <summary>Attempts that were cut short by us or lost with the engine.</summary>
    public int Interruptions { get; init; }

    /// <summary>The adapter of the last attempt.</summary>
    public string? AdapterId { get; init; }

    /// <summary>Not to be started before.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Why it waits.</summary>
    public string? Waits { get; init; }

    /// <summary>How many adapters have refused it in this round.</summary>
    public int Refusals { get; init; }

    public CopyOutcome? Copy { get; init; }

    /// <summary>How the adapter's part ended; null while it goes on.</summary>
    public TaskAttempted? Attempted { get; init; }

    public bool AnswerApplied { get; init; }

    public bool Prepared { get; init; }

    public PatchDeclaration? Patch { get; init; }

    /// <summary>Its change is on the way into the real tree: there is no way back but a rollback.</summary>
    public bool IsCommitting { get; init; }

    public ImmutableArray<TestResult> Tests { get; init; } = [];

    public TaskCancelRequested? CancelRequested { get; init; }

    public ManualDone? Done { get; init; }

    public bool Reminded { get; init; }

    /// <summary>What it failed at; null while it goes on, and at any other end.</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>Why it ended; null while it goes on or when it completed.</summary>
    public string? Reason { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public Usd Cost { get; init; }

    /// <summary>Whether an attempt cost something that nobody knows.</summary>
    public bool IsCostUnknown { get; init; }

    /// <summary>What its last agent says that it did; null: there was none.</summary>
    public AgentRecord? Agent { get; init; }

    /// <summary>What went through its last gateway to a model; null: there was none.</summary>
    public GatewayReport? Gateway { get; init; }

    /// <summary>Whether any program of it ran without a cage.</summary>
    public bool Uncaged { get; init; }

    /// <summary>Whether any program of it had the host's own network.</summary>
    public bool NetworkOpen { get; init; }

    /// <summary>What its last adapter tried to reach; null where that was not watched.</summary>
    public Egress? Egress { get; init; }

    /// <summary>Names one call of an adapter: this attempt's, or another's.</summary>
    public string Ticket(string runId, int? attempt = null) => $"{runId}/{Spec.TaskId}/{attempt ?? Attempts}";

    public bool IsTested(AcceptanceTest test) => Tests.Any(t => t.Name == test.Name);
}
