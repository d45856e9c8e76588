using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>The document <c>.state/execution_results.json</c> (contract <c>execution_results_v1</c>).</summary>
internal static class ExecutionResults
{
    public const string Version = "execution_results_v1";

    public static Blob Of(ExecutionState state) => Blob.Of(System.Text.Encoding.UTF8.GetBytes($"{Document(state).ToJsonString(Indented)}\n"));

    /// <summary>What puts the document into the project as it is now.</summary>
    public static PublishResults Publishing(ExecutionState state) => new(state.Declared.ProjectRoot, state.Declared.RunId, Of(state));

    /// <summary>
    /// Whether a run stands still, so that people look at its results: nobody works on it, it is in safe mode, or only people bring it on.
    /// </summary>
    public static bool IsAtRest(ExecutionState state, DateTimeOffset now) =>
        state.Phase is ExecutionPhase.Idle or ExecutionPhase.Paused || TaskSchedule.WaitsForPeople(state, now);

    /// <summary>The document as it is shown, with a word on tasks whose engine is gone.</summary>
    public static string Text(ExecutionState state, IReadOnlySet<string> interrupted) =>
        Document(state, interrupted).ToJsonString(Indented);

    public static JsonObject Document(ExecutionState state, IReadOnlySet<string>? interrupted = null)
    {
        var holds = new ScopeHold(state);
        return new JsonObject
        {
            ["schema_version"] = Version,
            ["run_id"] = state.Declared.RunId,
            ["complete"] = state.Phase == ExecutionPhase.Finished,
            ["counts"] = new JsonObject(
                Enum.GetValues<TaskPhase>().Select(p => KeyValuePair.Create(WireName<TaskPhase>.Of(p), (JsonNode?)state.Count(p)))),
            ["cost_usd"] = state.Tasks.Any(t => t.IsCostUnknown) ? null : state.Tasks.Cost.Dollars,
            ["results"] = new JsonArray(
                [.. state.Tasks.Select(t => Result(t, WaitsFor(state, holds, t), interrupted?.Contains(t.Spec.TaskId) == true))]),
        };
    }

    private static readonly System.Text.Json.JsonSerializerOptions Indented = new() { WriteIndented = true, TypeInfoResolver = LineJson.Default };

    private static string? WaitsFor(ExecutionState state, ScopeHold holds, TaskState task) =>
        holds.Of(task)?.TaskId ?? TaskViewMaker.Awaits(state, task).FirstOrDefault();

    private static JsonObject Result(TaskState task, string? waitsFor, bool isInterrupted)
    {
        var result = Result(task);
        if (waitsFor is not null) result["waits_for"] = waitsFor;
        if (isInterrupted) result["interrupted"] = true;
        if (task.Spec.MaxCost is { } limit) result["cost_limit_usd"] = limit.Dollars;
        if (CageNote.Of(task.Uncaged, task.NetworkOpen) is { } open) result["isolation"] = open;
        if (task.Call?.Egress is { Attempts.IsEmpty: false } egress) result["egress"] = Attempts(egress);
        if (task.Call?.Egress is { Unlisted: > 0 and var unlisted }) result["egress_unlisted"] = unlisted;
        if (task.Call is { Agent: { } agent } call) result["agent"] = Agent(agent, call.Gateway);
        return result;
    }

    /// <summary>
    /// What it says of itself; where it has a gateway, that one's counts. What nobody knows is null, and what an agent says of its cost
    /// is only its word.
    /// </summary>
    private static JsonObject Agent(AgentRecord agent, GatewayReport? gateway)
    {
        var said = Said(agent, gateway);
        if (agent.CostUsd is { } cost) said["said_cost_usd"] = cost;
        if (gateway?.CostAtMost is { } most) said["cost_at_most_usd"] = most.Dollars;
        return said;
    }

    private static JsonObject Said(AgentRecord agent, GatewayReport? gateway) => new()
    {
        ["agent"] = agent.Agent,
        ["model"] = agent.Model,
        ["session"] = agent.Session,
        ["turns"] = agent.Turns,
        ["tool_calls"] = agent.ToolCalls,
        ["tool_errors"] = agent.ToolErrors,
        ["retries"] = agent.Retries,
        ["unread_lines"] = agent.UnreadLines,
        ["end"] = agent.End,
        ["error"] = agent.Error,
        ["requests"] = gateway?.Requests,
        ["failed_requests"] = gateway?.Failed,
        ["input_tokens"] = gateway?.InputTokens ?? agent.InputTokens,
        ["cached_tokens"] = gateway?.CachedTokens ?? agent.CachedTokens,
        ["output_tokens"] = gateway?.OutputTokens ?? agent.OutputTokens,
        ["cost_usd"] = gateway?.Cost?.Dollars,
    };

    private static JsonObject Result(TaskState task) => new()
    {
        ["task_id"] = task.Spec.TaskId,
        ["status"] = WireName<TaskPhase>.Of(task.Phase),
        ["adapter_id"] = task.AdapterId,
        ["attempts"] = task.Attempts,
        ["duration_ms"] = task.Clock.WorkedMs,
        ["waited_ms"] = task.Clock.WaitedMs,
        ["patch_id"] = task.Patch?.PatchId,
        ["files_changed"] = new JsonArray([.. (task.Phase == TaskPhase.Completed ? task.Patch?.Files ?? [] : []).Select(f => JsonValue.Create(f))]),
        ["acceptance"] = new JsonObject
        {
            ["passed"] = task.Tests.Count(t => t.Passed),
            ["failed"] = task.Tests.Count(t => !t.Passed),
            ["tests"] = new JsonArray([.. task.Tests.Select(Test)]),
        },
        ["reason"] = (task.Standing as TaskStanding.Ended)?.Reason,
        ["cost_usd"] = task.IsCostUnknown ? null : task.Cost.Dollars,
    };

    private static JsonArray Attempts(Egress egress) =>
        new([.. egress.Attempts.Select(a => JsonSerializer.SerializeToNode(a, TaskJson.Default.EgressAttempt))]);

    private static JsonObject Test(TestResult test)
    {
        var result = Outcome(test);
        if (test.Egress is { } egress) result["egress"] = Attempts(egress);
        if (test.Egress is { Unlisted: > 0 and var unlisted }) result["egress_unlisted"] = unlisted;
        return result;
    }

    private static JsonObject Outcome(TestResult test) => new()
    {
        ["name"] = test.Name,
        ["required"] = test.Required,
        ["passed"] = test.Passed,
        ["tests"] = test.Tests,
        ["failures"] = test.Failures,
        ["reason"] = test.Reason,
        ["first_failures"] = new JsonArray([.. test.FirstFailures.Select(f => JsonValue.Create(f))]),
        ["duration_ms"] = test.DurationMs,
    };
}
