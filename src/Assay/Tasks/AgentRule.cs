using System.Collections.Immutable;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Lanes.Tasks;
using Assay.Native;

namespace Assay.Tasks;

/// <summary>Checks the key <c>agent</c> of an adapter, and finds its program with all that belongs to it.</summary>
internal static class AgentRule
{
    private const int DefaultOutputTokens = 32_000;

    private static string SearchPath => Environment.GetEnvironmentVariable("PATH") ?? "";

    /// <summary>The agent; null when something is wrong with it.</summary>
    /// <param name="adapter">As the document declares it.</param>
    /// <param name="folder">The document's folder.</param>
    /// <param name="pointer">Where the adapter stands.</param>
    /// <param name="needsKey">Whether its key has to be there: for a check nobody asks for it.</param>
    /// <param name="refuse">Takes what is wrong.</param>
    public static LoadedAgent? Load(AdapterDocument adapter, string folder, string pointer, bool needsKey, InputRefusal refuse)
    {
        if (adapter.Agent is not { } agent)
        {
            refuse($"{pointer}/agent", "required", "says which agent it is: template, model, and how to reach that");
            return null;
        }

        var template = AgentTemplate.Of(agent.Template);
        var key = agent.ApiKeyFile is { } name ? Path.GetFullPath(Path.Combine(folder, name)) : null;
        if (needsKey && key is not null && !File.Exists(key)) refuse($"{pointer}/agent/api_key_file", "file", $"{agent.ApiKeyFile} does not exist");
        if (adapter.Command.Length > 1) refuse($"{pointer}/command", "command", "of an agent names its program alone: the template says the rest");
        if (Program(adapter, template, folder, pointer, refuse) is not { } program) return null;
        var spec = new AgentSpec
        {
            Template = agent.Template,
            Model = agent.Model,
            Endpoint = agent.Endpoint ?? template.Endpoint,
            ApiKeyFile = key,
            Prices = Prices(agent, $"{pointer}/agent", refuse),
            MaxOutputTokens = agent.MaxOutputTokens ?? DefaultOutputTokens,
        };
        var reads = AgentFiles.Of(program, SearchPath);
        foreach (var path in reads)
        {
            if (GrantRule.Problem(path) is { } problem) refuse($"{pointer}/command", "path", $"the program has to read {path}, which {problem}");
        }

        if (DocumentFile.Pin(HostPath.Real(program), out var unread) is { } pinned) return new LoadedAgent(spec, program, pinned, reads);
        refuse($"{pointer}/command", "file", $"{program} {unread}");
        return null;
    }

    private static TokenPrices? Prices(AgentDocument agent, string pointer, InputRefusal refuse)
    {
        if (agent is { InputUsdPerMillionTokens: { } input, OutputUsdPerMillionTokens: { } output })
        {
            return new TokenPrices(input, agent.CachedInputUsdPerMillionTokens ?? input, output);
        }

        if (agent is { InputUsdPerMillionTokens: null, OutputUsdPerMillionTokens: null, CachedInputUsdPerMillionTokens: null }) return null;
        refuse($"{pointer}/input_usd_per_million_tokens", "prices", "both prices, of input and of output, or none of them");
        return null;
    }

    private static string? Program(AdapterDocument adapter, AgentTemplate template, string folder, string pointer, InputRefusal refuse)
    {
        var name = adapter.Command is [var given, ..] ? given : template.Program;
        var path = name.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(folder, name)) : AgentFiles.InPath(name, SearchPath);
        if (path is not null && File.Exists(path)) return path;
        refuse($"{pointer}/command", "program", path is null ? $"{name} is not in PATH: install it, or name its path in command" : $"{path} does not exist");
        return null;
    }
}

/// <summary>An agent with its program.</summary>
/// <param name="Spec">The agent.</param>
/// <param name="Program">Its program, absolute.</param>
/// <param name="Pinned">That program as it is now.</param>
/// <param name="Reads">What it has to read.</param>
internal sealed record LoadedAgent(AgentSpec Spec, string Program, PinnedFile Pinned, ImmutableArray<string> Reads);
