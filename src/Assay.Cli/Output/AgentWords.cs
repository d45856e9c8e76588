using System.Globalization;
using Assay.Kernel.Effects;
using Assay.Lanes.Tasks;

namespace Assay.Cli.Output;

/// <summary>What a task's last agent was, what it took, and what was tried to reach, in a line each.</summary>
internal static class AgentWords
{
    /// <summary>The lines; none for a task without an agent whose network was not watched.</summary>
    public static IEnumerable<string> Of(TaskView task)
    {
        if (task.Agent is { } agent)
        {
            var model = agent.Model is { } named ? $", model {Words.Safe(named)}" : "";
            var failed = agent.ToolErrors > 0 ? $", {agent.ToolErrors} of them failed" : "";
            var end = agent.End is { } how ? Words.Safe(how) : "it did not say how";
            var name = Words.Safe(agent.Name ?? "that did not say its name");
            yield return $"agent {name}{model} · {agent.Turns} turns, {agent.ToolCalls} tool calls{failed} · ended: {end}";
            var tokens = $"{Known(agent.InputTokens)} tokens in, {Known(agent.OutputTokens)} out";
            var requests = agent.Requests is var (asked, unanswered) ? $" · {asked} requests, {unanswered} failed" : "";
            yield return $"took {tokens}{requests} · cost {task.Cost ?? "nothing"}";
        }

        if (Network(task.AdapterNetwork) is { } network) yield return network;
    }

    /// <summary>What was tried to reach; null when nothing was, or nobody watched.</summary>
    public static string? Network(Egress? egress) =>
        EgressWords.Of(egress?.Attempts, egress?.Unlisted) is { Length: > 0 } words ? $"network: {words.TrimStart(' ', '·')}" : null;

    private static string Known(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "an unknown number of";
}
