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
    private const string Packages = "/node_modules/";

    /// <summary>The agent; null when something is wrong with it.</summary>
    /// <param name="adapter">As the document declares it.</param>
    /// <param name="folder">The document's folder.</param>
    /// <param name="pointer">Where the adapter stands.</param>
    /// <param name="refuse">Takes what is wrong.</param>
    public static LoadedAgent? Load(AdapterDocument adapter, string folder, string pointer, InputRefusal refuse)
    {
        if (adapter.Agent is not { } agent)
        {
            refuse($"{pointer}/agent", "required", "says which agent it is: template, model, and how to reach that");
            return null;
        }

        var template = AgentTemplate.Of(agent.Template);
        var key = agent.ApiKeyFile is { } name ? Path.GetFullPath(Path.Combine(folder, name)) : null;
        if (key is not null && !File.Exists(key)) refuse($"{pointer}/agent/api_key_file", "file", $"{agent.ApiKeyFile} does not exist");
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
        return new LoadedAgent(spec, program, Belongings(program));
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
        var path = name.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(folder, name)) : InPath(name);
        if (path is not null && File.Exists(path)) return path;
        refuse($"{pointer}/command", "program", path is null ? $"{name} is not in PATH: install it, or name its path in command" : $"{path} does not exist");
        return null;
    }

    private static string? InPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>
    /// What it has to read besides itself: the packages that it was installed with, and, when it is a script for node, that program with its
    /// own. What lies in the system's folders is readable anyway.
    /// </summary>
    private static ImmutableArray<string> Belongings(string program)
    {
        var reads = ImmutableArray.CreateBuilder<string>();
        var real = HostPath.Real(program);
        reads.Add(program);
        if (real.IndexOf(Packages, StringComparison.Ordinal) is var at and > 0) reads.Add(real[..(at + Packages.Length - 1)]);
        else reads.Add(real);
        if (IsForNode(real) && InPath("node") is { } node && HostPath.Real(node) is var installed && Path.GetDirectoryName(Path.GetDirectoryName(installed)) is { Length: > 1 } prefix)
        {
            if (!installed.StartsWith("/usr/", StringComparison.Ordinal)) reads.Add(prefix);
        }

        return reads.ToImmutable();
    }

    private static bool IsForNode(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[64];
        var read = start[..file.Read(start)];
        return read.StartsWith("#!"u8) && read.IndexOf("node"u8) > 0;
    }
}

/// <summary>An agent with its program.</summary>
/// <param name="Spec">The agent.</param>
/// <param name="Program">Its program, absolute.</param>
/// <param name="Reads">What it has to read.</param>
internal sealed record LoadedAgent(AgentSpec Spec, string Program, ImmutableArray<string> Reads)
{
    /// <summary>Its command, and the program as it is now among what is pinned.</summary>
    public ImmutableArray<string> Command(ImmutableArray<PinnedFile>.Builder pinned)
    {
        if (DocumentFile.Pin(HostPath.Real(Program), out _) is { } file) pinned.Add(file);
        return [Program];
    }
}
