using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Trees;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>A run of tasks as lists show it: a row of the table <c>executions</c>.</summary>
public sealed record RunSummary(string RunId, string State, long Tasks, long Completed, string StartedAt)
{
    internal static RunSummary Of(LaneRow row) =>
        new(row.Key, row.Text("phase")!, row.Number("tasks"), row.Number("completed"), row.Text("started_at")!);
}

/// <summary>A run of tasks as it stands.</summary>
public sealed record RunView
{
    public required string RunId { get; init; }

    /// <summary>IDLE, RUNNING, PAUSED, STOPPING or FINISHED.</summary>
    public required string State { get; init; }

    /// <summary>Absolute path of the project.</summary>
    public required string ProjectRoot { get; init; }

    /// <summary>Why nothing more is started; null when that is not so.</summary>
    public string? PauseReason { get; init; }

    /// <summary>In the order of the queue.</summary>
    public required ImmutableArray<TaskSummary> Tasks { get; init; }

    /// <summary>How many tasks are in each state, in the order of the states; states without tasks are left out.</summary>
    public required ImmutableArray<(string State, int Count)> Counts { get; init; }

    public required ImmutableArray<AdapterView> Adapters { get; init; }

    /// <summary>What all tasks have cost, as far as it is known.</summary>
    public Usd Cost { get; init; }

    /// <summary>Whether an attempt cost something that nobody knows.</summary>
    public bool IsCostUnknown { get; init; }

    /// <summary>Whether tasks are pending, and nobody is at work on it or will be by themselves.</summary>
    public bool IsLeft { get; init; }

    public int Ended => Tasks.Count(t => t.HasEnded);
}

/// <summary>A task as lists show it.</summary>
public sealed record TaskSummary
{
    public required string TaskId { get; init; }

    public required string Title { get; init; }

    /// <summary>PENDING, IN_PROGRESS, VALIDATING, COMPLETED, FAILED, TIMEOUT or CANCELLED.</summary>
    public required string State { get; init; }

    public required bool HasEnded { get; init; }

    /// <summary>Whether the engine is gone that worked on it, so that nobody does.</summary>
    public bool IsInterrupted { get; init; }

    /// <summary>Whether nothing but a person can bring it on.</summary>
    public required bool WaitsForPerson { get; init; }

    /// <summary>Whether it failed since its change touches what it may not.</summary>
    public required bool BrokePolicy { get; init; }

    /// <summary>Whether it failed since its limit of money was reached.</summary>
    public bool HitBudget { get; init; }

    /// <summary>The adapter of the last attempt.</summary>
    public string? AdapterId { get; init; }

    public required int Attempts { get; init; }

    public required int Tests { get; init; }

    public required int TestsPassed { get; init; }

    public string? PatchId { get; init; }

    /// <summary>Why it ended so, else why it waits; null: nothing is to be said.</summary>
    public string? Reason { get; init; }

    /// <summary>The task that keeps it from starting by its write scope; null: none does.</summary>
    public ScopeHolder? HeldBy { get; init; }

    /// <summary>The tasks that it depends on and that are not completed yet.</summary>
    public ImmutableArray<string> Awaits { get; init; } = [];

    /// <summary>What was open to its programs that a cage closes; null: nothing.</summary>
    public string? Isolation { get; init; }

    /// <summary>The work of all its attempts; null while it has not ended, or it was never begun.</summary>
    public TimeSpan? Took { get; init; }

    /// <summary>What it waited for the next attempt, an adapter or a person, as far as that is over.</summary>
    public TimeSpan Waited { get; init; }
}

/// <summary>A task with all that a person wants to know of it.</summary>
public sealed record TaskView
{
    public required string RunId { get; init; }

    public required TaskSummary Task { get; init; }

    public required string Kind { get; init; }

    /// <summary>The lower goes first.</summary>
    public required int Priority { get; init; }

    /// <summary>In the order in which they are asked.</summary>
    public required ImmutableArray<string> AdapterIds { get; init; }

    public string? RoutingReason { get; init; }

    /// <summary>Whether an attempt whose effect is not known may be made again.</summary>
    public required bool RetrySafe { get; init; }

    /// <summary>Absolute path of the tree that it changes; null: it changes none.</summary>
    public string? WorkingTree { get; init; }

    /// <summary>Patterns of the files that it may change.</summary>
    public required ImmutableArray<string> Writes { get; init; }

    /// <summary>The copy of the tree that it works in, below the workspace; null: there is none yet.</summary>
    public string? WorkCopy { get; init; }

    /// <summary>What is to be done.</summary>
    public string? Prompt { get; init; }

    /// <summary>What it has cost, <c>not known</c>, or null: nothing.</summary>
    public string? Cost { get; init; }

    public PatchSummary? Patch { get; init; }

    /// <summary>What its last agent says that it did; null: there was none.</summary>
    public AgentView? Agent { get; init; }

    public required ImmutableArray<TestView> Tests { get; init; }

    /// <summary>What its last adapter tried to reach; null where that was not watched.</summary>
    public Egress? AdapterNetwork { get; init; }

    /// <summary>What its last programs tried to reach, by program.</summary>
    public required ImmutableArray<(string Program, EgressAttempt Attempt)> Network { get; init; }

    /// <summary>Attempts that found no place there.</summary>
    public required long NetworkUnlisted { get; init; }

    public required ImmutableArray<HistoryView> Events { get; init; }

    /// <summary>The last lines that it printed, which are not part of the record.</summary>
    public required IReadOnlyList<OutputLine> Output { get; init; }
}

/// <summary>What an agent says of itself, and what its gateway counted.</summary>
public sealed record AgentView(string? Name, string? Model, int Turns, int ToolCalls, int ToolErrors)
{
    /// <summary>How it ended; null: it did not say.</summary>
    public string? End { get; init; }

    /// <summary>Tokens that it sent, as its gateway counted them, else as it says; null: nobody knows.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Tokens that it was answered, likewise.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>What it asked its model, and how often that failed; null: it has no gateway.</summary>
    public (long Asked, long Failed)? Requests { get; init; }

    internal static AgentView Of(AgentRecord agent, GatewayReport? gateway) => new(agent.Agent, agent.Model, agent.Turns, agent.ToolCalls, agent.ToolErrors)
    {
        End = agent.End,
        InputTokens = gateway?.InputTokens ?? agent.InputTokens,
        OutputTokens = gateway?.OutputTokens ?? agent.OutputTokens,
        Requests = gateway is null ? null : (gateway.Requests, gateway.Failed),
    };
}

/// <summary>What came of an acceptance test.</summary>
public sealed record TestView(
    string Name, bool Required, bool Passed, long Tests, long Failures, string? Reason,
    ImmutableArray<string> FirstFailures, TimeSpan Took)
{
    /// <summary>What it tried to reach; null where that was not watched, or nothing.</summary>
    public Egress? Network { get; init; }
}

/// <summary>Something that happened to a task or a patch.</summary>
/// <param name="At">When, as the record has it.</param>
/// <param name="What">The event's name, or the state that came of it.</param>
/// <param name="By">Who stands behind it; null: nobody is named.</param>
/// <param name="Note">A sentence, when there is something to say.</param>
public sealed record HistoryView(string At, string What, string? By, string? Note);

/// <summary>An adapter that a run has named: a row of the table <c>adapters</c>.</summary>
public sealed record AdapterView(
    string AdapterId, string Kind, string Circuit, string Health, long Failures, string? HealthReason, string? OpenUntil)
{
    internal static AdapterView Of(LaneRow row) => new(
        row.Key, row.Text("kind")!, row.Text("circuit")!, row.Text("health")!, row.Number("failures"),
        row.Text("health_reason"), row.Text("open_until"));
}

/// <summary>A patch as lists show it: a row of the table <c>patches</c>.</summary>
public sealed record PatchSummary
{
    /// <summary>Identifies it among the patches of all projects.</summary>
    public required string Key { get; init; }

    public required string PatchId { get; init; }

    public required string RunId { get; init; }

    public required string TaskId { get; init; }

    /// <summary>As <c>PatchState</c> writes it.</summary>
    public required string State { get; init; }

    public string? Reason { get; init; }

    public required long Files { get; init; }

    public required long Added { get; init; }

    public required long Removed { get; init; }

    public required string UpdatedAt { get; init; }

    /// <summary>Its size in words.</summary>
    public string Change => $"{Files} {(Files == 1 ? "file" : "files")}, +{Added} −{Removed}";

    internal static PatchSummary Of(LaneRow row) => new()
    {
        Key = row.Key,
        PatchId = row.Text("patch_id")!,
        RunId = row.Text("run_id")!,
        TaskId = row.Text("task_id")!,
        State = row.Text("state")!,
        Reason = row.Text("reason"),
        Files = row.Number("files"),
        Added = row.Number("lines_added"),
        Removed = row.Number("lines_removed"),
        UpdatedAt = row.Text("updated_at")!,
    };
}

/// <summary>A patch with its content.</summary>
public sealed record PatchDetail
{
    public required PatchSummary Patch { get; init; }

    /// <summary>Absolute path of the real tree.</summary>
    public required string WorkingTree { get; init; }

    /// <summary>Which attempt at its task made it, from 1.</summary>
    public required int Attempt { get; init; }

    public required string DiffSha256 { get; init; }

    public required string BaseTreeSha256 { get; init; }

    /// <summary>Whether it is in the real tree and can be taken out.</summary>
    public required bool CanRollBack { get; init; }

    /// <summary>Whether a person can bring it into the real tree.</summary>
    public required bool CanApply { get; init; }

    /// <summary>The unified diff, as bytes: names and contents need not be UTF-8.</summary>
    public required ReadOnlyMemory<byte> Diff { get; init; }

    /// <summary>Its files, as they were and as they become.</summary>
    public required ChangeSet Changes { get; init; }

    public required ImmutableArray<HistoryView> History { get; init; }
}
