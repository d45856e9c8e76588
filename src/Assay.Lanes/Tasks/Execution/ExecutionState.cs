using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>Where a run stands.</summary>
internal enum ExecutionPhase
{
    /// <summary>It does not exist.</summary>
    [JsonStringEnumMemberName("NONE")]
    None,

    /// <summary>It waits for somebody to work on it. To Running.</summary>
    [JsonStringEnumMemberName("IDLE")]
    Idle,

    /// <summary>To Paused, Stopping or Finished.</summary>
    [JsonStringEnumMemberName("RUNNING")]
    Running,

    /// <summary>
    /// Safe mode: nothing but one probe at a time is started. To Running by itself when one went well, or by command.
    /// </summary>
    [JsonStringEnumMemberName("PAUSED")]
    Paused,

    /// <summary>What is under way is being ended, then it waits to be worked on again.</summary>
    [JsonStringEnumMemberName("STOPPING")]
    Stopping,

    /// <summary>Every task has ended. To Idle when a person reopens one.</summary>
    [JsonStringEnumMemberName("FINISHED")]
    Finished,
}

/// <summary>A run of tasks, folded from its events.</summary>
internal sealed record ExecutionState
{
    public static readonly ExecutionState Initial = new();

    private readonly ExecutionDeclared? _declared;

    public ExecutionPhase Phase { get; init; }

    public ExecutionDeclared Declared
    {
        get => _declared ?? throw new InvalidOperationException("the run has not been declared");
        init => _declared = value;
    }

    [JsonConverter(typeof(OrdinalMap<AdapterSpec>))]
    public ImmutableSortedDictionary<string, AdapterSpec> Adapters { get; init; } = ImmutableSortedDictionary.Create<string, AdapterSpec>(StringComparer.Ordinal);

    /// <summary>In the order of the queue.</summary>
    public TaskBook Tasks { get; init; } = TaskBook.Empty;

    public int Jobs { get; init; } = 1;

    /// <summary>Why nothing but probes is started; null: that is not so.</summary>
    public ExecutionPaused? Pause { get; init; }

    public string? PauseReason => Pause?.Reason;

    /// <summary>The outage that was escalated last, until health has returned: it is told once. Null: there is none.</summary>
    public ExecutionPaused? Told { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When an engine last showed that it lives: what people ask for, and what is found lost, is no sign of that.</summary>
    public DateTimeOffset EngineAt { get; init; }

    /// <summary>The last refusals of adapters, until they allow a call again.</summary>
    [JsonConverter(typeof(OrdinalMap<AdapterRefusal>))]
    public ImmutableSortedDictionary<string, AdapterRefusal> Refusing { get; init; } =
        ImmutableSortedDictionary.Create<string, AdapterRefusal>(StringComparer.Ordinal);

    /// <summary>What has to be done besides the tasks, by the id of its effect.</summary>
    [JsonConverter(typeof(OrdinalMap<FollowUp>))]
    public ImmutableSortedDictionary<string, FollowUp> FollowUps { get; init; } =
        ImmutableSortedDictionary.Create<string, FollowUp>(StringComparer.Ordinal);

    public int Escalations { get; init; }

    /// <summary>How often the run has finished.</summary>
    public int Finishes { get; init; }

    /// <summary>Patch steps so far, which numbers them.</summary>
    public int PatchSteps { get; init; }

    public TaskState Task(string taskId) => Tasks.Find(taskId) ?? throw new InvalidOperationException($"the run has no task {taskId}");

    public bool HasTask(string taskId) => Tasks.Find(taskId) is not null;

    public AdapterSpec AdapterOf(TaskState task) => Adapters[task.AdapterId!];

    public bool IsManual(TaskState task) => Adapters[task.AdapterId ?? task.Spec.AdapterIds[0]].Kind == AdapterKind.Manual;

    /// <summary>Whether nothing but a person can bring a task on.</summary>
    public bool WaitsForPerson(TaskState task) => task.Standing is TaskStanding.Working { Attempt.Done: null } && IsManual(task);

    public int Count(TaskPhase phase) => Tasks.CountOf(phase);

    public ExecutionState With(TaskState task) => this with { Tasks = Tasks.With(task) };

    public ExecutionState Evolve(RecordedEvent recorded) => ExecutionFold.Evolve(this, recorded);
}

/// <summary>Something that has to be done besides the tasks, and does not change how they end.</summary>
[JsonPolymorphic]
[JsonDerivedType(typeof(ReportFollowUp), "report")]
[JsonDerivedType(typeof(CleanFollowUp), "clean")]
[JsonDerivedType(typeof(PatchFollowUp), "patch")]
[JsonDerivedType(typeof(WebhookFollowUp), "webhook")]
[JsonDerivedType(typeof(PublishFollowUp), "publish")]
internal abstract record FollowUp;

/// <summary>Tell the adapter's breaker how a call ended.</summary>
internal sealed record ReportFollowUp(string AdapterId, string Ticket, AdapterReport Report) : FollowUp;

/// <summary>Remove the copies of an attempt, when nothing works in them any more.</summary>
internal sealed record CleanFollowUp(string TaskId, int Attempt, string Folder) : FollowUp;

/// <summary>Take a patch through states of its ledger, in the order of the ids.</summary>
internal sealed record PatchFollowUp(string TaskId, PatchDeclaration Patch, ImmutableArray<PatchState> Through, string? Reason) : FollowUp;

/// <summary>Tell the webhook.</summary>
internal sealed record WebhookFollowUp(Escalated Escalation, DateTimeOffset At, int Tries, DateTimeOffset? NotBefore) : FollowUp;

/// <summary>Publish the results.</summary>
internal sealed record PublishFollowUp : FollowUp;
