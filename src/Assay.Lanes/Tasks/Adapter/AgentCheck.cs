using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>
/// Tries an agent once, in its cage, with Assay's own fake model, which has it look at a file and change it: so what it lacks shows before
/// a night is spent on it. It asks no provider and costs nothing.
/// </summary>
internal static class AgentCheck
{
    private const string File = "greeting.txt";
    private const string Wrong = "helo\n";
    private const string Right = "hello\n";

    /// <summary>The agent's process. The fake model's script is the gateway's (docs/agents.md, "adapter check").</summary>
    public static RunProcess Of(AdapterSpec adapter, string prefix, int number)
    {
        var folder = TaskPaths.Check(adapter.AdapterId, number);
        var process = new RunProcess($"{prefix}{number}")
        {
            Command = adapter.Command,
            Environment = adapter.Environment ?? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
            Inherit = ChildEnvironment.With(adapter.Inherit),
            RunRoot = $"{folder}/root",
            StdoutFile = $"{folder}/stdout.log",
            StderrFile = $"{folder}/stderr.log",
            Stdin = $"{File} is misspelt: make it say hello.",
            Pinned = adapter.Pinned,
            Readable = [.. adapter.Pinned.Select(p => p.Path), .. Grants.Readable(adapter.Grants, adapter.Command[0])],
            Hidden = [.. Grants.Hidden(adapter.Grants), .. KeyRule.Of(adapter)],
            Network = Grants.Reach(adapter.Grants),
            Collect = [new CollectedName(File, 1 << 10, Content: true)],
            Caps = new ProcessCaps { TimeMs = 60_000, KillMs = 62_000, StdoutBytes = 8 << 20, StderrBytes = 1 << 20, Processes = 256, MemoryBytes = 2L << 30 },
            Sandbox = adapter.Sandbox,
        };
        var dressed = AgentTemplate.Dress(process, adapter.Agent!, folder, maxCost: null);
        return dressed with
        {
            Texts = dressed.Texts.Add(File, Wrong),
            Gateway = dressed.Gateway! with { Endpoint = null, ApiKeyFile = null },
        };
    }

    /// <summary>What the agent lacks; null: nothing.</summary>
    public static string? Problem(ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        var agent = AgentStream.Read(evidence.GetValueOrDefault("stdout").Span);
        if (AttemptRule.ProcessProblem(run, [0]) is { } problem) return agent.Error is { } said ? $"{problem}: {said}" : $"{problem}: see {run.Stderr.File}";
        if (run.Gateway is not { Requests: > 0 }) return "it asked no model: it does not know its gateway";
        if (agent.End is not "success") return $"it ended with {agent.End ?? "no word"}: its output is not what this template reads";
        if (agent.ToolErrors > 0) return $"{agent.ToolErrors} of its {agent.ToolCalls} tool calls failed: see {run.Stdout.File}";
        return Encoding.UTF8.GetString(evidence.GetValueOrDefault(File).Span) == Right ? null : "it says that all went well, but its tools changed nothing";
    }
}
