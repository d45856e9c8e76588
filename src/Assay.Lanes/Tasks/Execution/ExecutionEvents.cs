using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>What a run of tasks records, beside the effects (lane document: Tasks, Events).</summary>
internal abstract record TaskLaneEvent : Event;

/// <summary>A run has come into being: what was asked for is fixed from here on.</summary>
internal sealed record ExecutionDeclared : TaskLaneEvent
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

    /// <summary>Patterns, from the project's top, of what no task may change; null: none, as in what earlier builds recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<string>? Protected { get; init; }
}

internal sealed record AdapterDeclared(AdapterSpec Adapter) : TaskLaneEvent;

internal sealed record TaskDeclared(TaskSpec Task) : TaskLaneEvent;

/// <summary>A task was added to the queue of a run that was declared before.</summary>
/// <param name="Task">The task.</param>
/// <param name="By">Who declared the run anew.</param>
internal sealed record TaskAdded(TaskSpec Task, Actor By) : TaskLaneEvent;

/// <summary>Somebody works on the run now, on so many tasks at once.</summary>
internal sealed record ExecutionStarted(int Jobs, Actor By) : TaskLaneEvent;

/// <summary>What is under way is being ended; the run can go on later.</summary>
internal sealed record ExecutionStopped(string By) : TaskLaneEvent;

/// <summary>Nothing but probes is started until one of them went well or a person says so.</summary>
internal sealed record ExecutionPaused(string Reason) : TaskLaneEvent
{
    /// <summary>The adapter whose breaker is not closed; null: it is something else. Earlier builds do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AdapterId { get; init; }

    /// <summary>The tree that cannot be copied; null: it is something else. Earlier builds do not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WorkingTree { get; init; }

    /// <summary>Whether two pauses are for the same thing, whatever their words.</summary>
    public bool IsAbout(ExecutionPaused other) => (AdapterId, WorkingTree) == (other.AdapterId, other.WorkingTree);
}

internal sealed record ExecutionResumed(string By) : TaskLaneEvent;

/// <summary>Every task has ended.</summary>
internal sealed record ExecutionFinished(int Completed, int Failed, int TimedOut, int Cancelled) : TaskLaneEvent;

/// <summary>A person ought to know.</summary>
internal sealed record Escalated(string EscalationId, string Trigger, string? TaskId, string? AdapterId, string Message) : TaskLaneEvent;

/// <summary>The webhook did not take it, and it is not tried again.</summary>
internal sealed record EscalationUndelivered(string EscalationId, string Reason) : TaskLaneEvent;
