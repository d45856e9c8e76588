using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Tasks;

/// <summary>Where a task stands (lane document: Tasks, Task states).</summary>
internal enum TaskPhase
{
    /// <summary>Waits for its turn, its dependencies, an adapter, or the pause before another attempt. To InProgress or Cancelled.</summary>
    [JsonStringEnumMemberName("PENDING")]
    Pending,

    /// <summary>An adapter works on it. To Validating, back to Pending on a retry, or to an end.</summary>
    [JsonStringEnumMemberName("IN_PROGRESS")]
    InProgress,

    /// <summary>
    /// Its change is tested. To Completed, Failed or Cancelled, back to Pending where its adapter tries again what failed its tests.
    /// </summary>
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
internal sealed record TaskState(TaskSpec Spec)
{
    /// <summary>Where it stands.</summary>
    public TaskStanding Standing { get; init; } = new TaskStanding.Waiting();

    /// <summary>Where it stands, in a word.</summary>
    public TaskPhase Phase => Standing.Phase;

    public bool HasEnded => Standing is TaskStanding.Ended;

    /// <summary>An adapter has it.</summary>
    public bool IsActive => Standing is TaskStanding.Working or TaskStanding.Testing;

    /// <summary>Its change is on the way into the real tree: there is no way back but a roll back.</summary>
    public bool IsCommitting => Standing is TaskStanding.Testing { IsCommitting: true };

    /// <summary>The attempt that is under way, or with which it ended; null: there is none.</summary>
    public TaskAttempt? Attempt => Standing.LastAttempt;

    /// <summary>The change of that attempt; null: not known yet, or there is none.</summary>
    public PatchDeclaration? Patch => Attempt?.Patch;

    /// <summary>The tests of that attempt which have ended.</summary>
    public ImmutableArray<TestResult> Tests => Attempt?.Tests ?? [];

    /// <summary>Why it waits or ended so; null: nothing is to be said.</summary>
    public string? Reason => Standing switch
    {
        TaskStanding.Waiting waiting => waiting.Reason,
        TaskStanding.Ended ended => ended.Reason,
        _ => null,
    };

    /// <summary>Not to be started before; null: at any time, or it does not wait.</summary>
    public DateTimeOffset? NotBefore => (Standing as TaskStanding.Waiting)?.NotBefore;

    public DateTimeOffset? EndedAt => (Standing as TaskStanding.Ended)?.At;

    public int Attempts { get; init; }

    /// <summary>Attempts before a person reopened the task, which do not count any more.</summary>
    public int Forgiven { get; init; }

    /// <summary>Attempts that were cut short by us or lost with the engine.</summary>
    public int Interruptions { get; init; }

    /// <summary>How often its acceptance tests failed.</summary>
    public int FailedAcceptance { get; init; }

    /// <summary>The last call of an adapter; null: there was none.</summary>
    public AdapterCall? Call { get; init; }

    /// <summary>The adapter of the last attempt; null: there was none.</summary>
    public string? AdapterId => Call?.AdapterId;

    /// <summary>What the next attempt is told of tests that failed, each a document of the ledger.</summary>
    public ImmutableArray<Digest> FailedTests { get => field.IsDefault ? [] : field; init; }

    public TaskCancelRequested? CancelRequested { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How long it was worked on, and how long it waited.</summary>
    public TaskClock Clock { get; init; } = TaskClock.NotBegun;

    public Usd Cost { get; init; }

    /// <summary>Whether an attempt cost something that nobody knows.</summary>
    public bool IsCostUnknown { get; init; }

    /// <summary>Whether any program of it ran without a cage.</summary>
    public bool Uncaged { get; init; }

    /// <summary>Whether any program of it had the host's own network.</summary>
    public bool NetworkOpen { get; init; }

    /// <summary>Names one call of an adapter: this attempt's, or another's.</summary>
    public string Ticket(string runId, int? attempt = null) => $"{runId}/{Spec.TaskId}/{attempt ?? Attempts}";

    /// <summary>The task with its attempt as it is now.</summary>
    public TaskState With(TaskAttempt attempt) => this with { Standing = Standing.With(attempt) };
}
