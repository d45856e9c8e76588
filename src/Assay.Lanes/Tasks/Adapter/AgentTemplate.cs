using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Tasks;

/// <summary>An agent that Assay knows: how it is started, spoken to and read (docs/agents.md).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AgentProduct>))]
internal enum AgentProduct
{
    [JsonStringEnumMemberName("claude-code")]
    ClaudeCode,

    [JsonStringEnumMemberName("codex")]
    Codex,

    [JsonStringEnumMemberName("gemini-cli")]
    GeminiCli,
}

/// <summary>The agent behind an adapter, and the way to its model.</summary>
internal sealed record AgentSpec
{
    public required AgentProduct Template { get; init; }

    public required string Model { get; init; }

    /// <summary>Where its model is.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The file that holds the key, absolute; null: the endpoint asks for none.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Null: the cost is not known.</summary>
    public TokenPrices? Prices { get; init; }

    public required int MaxOutputTokens { get; init; }
}

/// <summary>What is the same for all adapters with one agent.</summary>
internal sealed record AgentTemplate
{
    /// <summary>The fresh home of an attempt, below its run root.</summary>
    private const string Home = ".home";

    /// <summary>
    /// Settings with which each agent sends nothing but requests to its model, and trusts nothing of the tree's own settings.
    /// </summary>
    private static readonly Dictionary<AgentProduct, AgentTemplate> All = new()
    {
        [AgentProduct.ClaudeCode] = new AgentTemplate
        {
            Program = "claude",
            Dialect = ModelDialect.Anthropic,
            Endpoint = "https://api.anthropic.com",
            Arguments =
            [
                "-p", "--dangerously-skip-permissions", "--setting-sources", "user", "--strict-mcp-config", "--model", "{model}", "--output-format", "stream-json", "--verbose",
            ],
            Environment = Sets(
                ("ANTHROPIC_BASE_URL", "{gateway_url}"), ("ANTHROPIC_API_KEY", "{gateway_key}"), ("IS_SANDBOX", "1"), ("DISABLE_TELEMETRY", "1"),
                ("DISABLE_AUTOUPDATER", "1"), ("DISABLE_ERROR_REPORTING", "1"), ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")),
            Files = ImmutableSortedDictionary<string, string>.Empty,
        },
        [AgentProduct.Codex] = new AgentTemplate
        {
            Program = "codex",
            Dialect = ModelDialect.OpenAi,
            Endpoint = "https://api.openai.com",

            // Its own sandbox cannot be made inside of ours, and every command would fail in it without a word at the end.
            Arguments =
            [
                "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", "{model}",
                "-c", "model_provider=\"assay\"",
                "-c", "model_providers.assay={name=\"assay\",base_url=\"{gateway_url}/v1\",env_key=\"ASSAY_GATEWAY_KEY\",wire_api=\"responses\"}", "-",
            ],
            Environment = Sets(("ASSAY_GATEWAY_KEY", "{gateway_key}"), ("CODEX_HOME", $"{{run_root}}/{Home}/.codex")),
            Files = Texts(".codex/config.toml", "check_for_update_on_startup = false\n[analytics]\nenabled = false\n[features]\nplugins = false\n"),
        },
        [AgentProduct.GeminiCli] = new AgentTemplate
        {
            Program = "gemini",
            Dialect = ModelDialect.Gemini,
            Endpoint = "https://generativelanguage.googleapis.com",
            Arguments = ["-m", "{model}", "--yolo", "--skip-trust", "--output-format", "stream-json"],
            Environment = Sets(("GEMINI_API_KEY", "{gateway_key}"), ("GOOGLE_GEMINI_BASE_URL", "{gateway_url}")),
            Files = Texts(".gemini/settings.json", JsonSerializer.Serialize(GeminiSettings.Quiet, GeminiSettingsJson.Default.GeminiSettings)),
        },
    };

    /// <summary>The program's name in PATH.</summary>
    public required string Program { get; init; }

    public required ImmutableArray<string> Arguments { get; init; }

    public required ImmutableSortedDictionary<string, string> Environment { get; init; }

    /// <summary>Its environment and its home, which a document cannot set.</summary>
    public ImmutableSortedDictionary<string, string> Variables => WithHome(Environment);

    /// <summary>Files of its home, by path below it.</summary>
    public required ImmutableSortedDictionary<string, string> Files { get; init; }

    public required ModelDialect Dialect { get; init; }

    /// <summary>Where its provider is.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Below these caps agents hang or end without a word: threads count as processes.</summary>
    public static (int Processes, long MemoryBytes, long StdoutBytes) Floors => (64, 512L << 20, 8L << 20);

    public static AgentTemplate Of(AgentProduct product) => All[product];

    /// <summary>What its process is given besides what every adapter's is.</summary>
    /// <param name="process">The process of an adapter.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="folder">The attempt's folder, for the log of requests.</param>
    /// <param name="maxCost">What it may spend; null: no limit.</param>
    public static RunProcess Dress(RunProcess process, AgentSpec agent, string folder, Kernel.Values.Usd? maxCost)
    {
        var template = Of(agent.Template);
        return process with
        {
            Command = [.. process.Command, .. template.Arguments.Select(a => a.Replace("{model}", agent.Model, StringComparison.Ordinal))],
            Environment = process.Environment.SetItems(template.Variables),
            Texts = template.Files.ToImmutableSortedDictionary(f => $"{Home}/{f.Key}", f => f.Value, StringComparer.Ordinal),
            Meter = null,
            Gateway = new ModelGateway
            {
                Dialect = template.Dialect,
                Endpoint = agent.Endpoint,
                Model = agent.Model,
                ApiKeyFile = agent.ApiKeyFile,
                Prices = agent.Prices,
                MaxOutputTokens = agent.MaxOutputTokens,
                MaxCost = maxCost,
                LogFile = $"{folder}/gateway.jsonl",
            },
        };
    }

    private static ImmutableSortedDictionary<string, string> WithHome(ImmutableSortedDictionary<string, string> variables) =>
        variables.Add("HOME", $"{{run_root}}/{Home}");

    private static ImmutableSortedDictionary<string, string> Sets(params (string Name, string Value)[] variables) =>
        variables.ToImmutableSortedDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, string> Texts(string name, string text) =>
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(name, text);
}

/// <summary>The settings of Gemini CLI with which it stays quiet.</summary>
internal sealed record GeminiSettings(GeminiSettings.Updates General, GeminiSettings.Statistics Privacy, GeminiSettings.Switch Telemetry, GeminiSettings.Access Security)
{
    public static readonly GeminiSettings Quiet = new(new(false, false), new(false), new(false), new(new("gemini-api-key")));

    public sealed record Updates(bool EnableAutoUpdate, bool EnableAutoUpdateNotification);

    public sealed record Statistics(bool UsageStatisticsEnabled);

    public sealed record Switch(bool Enabled);

    public sealed record Access(Way Auth);

    public sealed record Way(string SelectedType);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GeminiSettings))]
internal sealed partial class GeminiSettingsJson : JsonSerializerContext;
