using System.Text.Json.Serialization;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>
/// The one way to a model that a process has: Assay asks in its place, with the real key, counts what it costs and ends it at its budget
/// (docs/agents.md). In the environment of the process <c>{gateway_url}</c> and <c>{gateway_key}</c> are filled in.
/// </summary>
public sealed record ModelGateway
{
    public required ModelDialect Dialect { get; init; }

    /// <summary>Where the model is, without the path that the dialect adds; null: Assay's own fake model answers, for a check.</summary>
    public required string? Endpoint { get; init; }

    /// <summary>The model that is asked, whichever the process names.</summary>
    public required string Model { get; init; }

    /// <summary>The file that holds the real key, absolute; null: the endpoint asks for none.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Null: what it costs is not known, and no budget of money can be held.</summary>
    public TokenPrices? Prices { get; init; }

    /// <summary>The most tokens that one answer may have.</summary>
    public required int MaxOutputTokens { get; init; }

    /// <summary>The most that all requests together may cost; null: no limit.</summary>
    [JsonPropertyName("max_cost_micro_usd")]
    public Usd? MaxCost { get; init; }

    /// <summary>The file that receives a line for each request, relative to the effect's root.</summary>
    public required string LogFile { get; init; }
}

/// <summary>How a model is spoken to.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelDialect>))]
public enum ModelDialect
{
    /// <summary>Anthropic's Messages.</summary>
    [JsonStringEnumMemberName("anthropic")]
    Anthropic,

    /// <summary>OpenAI's Responses and Chat Completions.</summary>
    [JsonStringEnumMemberName("openai")]
    OpenAi,

    /// <summary>Google's generateContent.</summary>
    [JsonStringEnumMemberName("gemini")]
    Gemini,
}

/// <summary>US dollars for a million tokens.</summary>
/// <param name="Input">Of what is sent.</param>
/// <param name="CachedInput">Of what the provider had kept.</param>
/// <param name="Output">Of what is answered.</param>
public sealed record TokenPrices(decimal Input, decimal CachedInput, decimal Output);

/// <summary>What went through a gateway.</summary>
public sealed record GatewayReport
{
    public required long Requests { get; init; }

    /// <summary>Requests that the model, or the way to it, did not answer with success.</summary>
    public required long Failed { get; init; }

    public required long InputTokens { get; init; }

    public required long CachedTokens { get; init; }

    public required long OutputTokens { get; init; }

    /// <summary>Null: not known, since there are no prices, or nobody told what an answer cost that was broken off.</summary>
    [JsonPropertyName("cost_micro_usd")]
    public Usd? Cost { get; init; }

    /// <summary>The most that it can have cost, where that is not known; null: it is known, or there are no prices.</summary>
    [JsonPropertyName("cost_at_most_micro_usd")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usd? CostAtMost { get; init; }

    /// <summary>Why it ended the run; null: it did not.</summary>
    public GatewayStop? Stop { get; init; }

    /// <summary>The same for a person.</summary>
    public string? Reason { get; init; }

    /// <summary>The requests, a line each.</summary>
    public required Captured Log { get; init; }
}

/// <summary>Why a gateway ended a run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GatewayStop>))]
public enum GatewayStop
{
    /// <summary>The next request would have cost more than is left, or an answer was cut where the budget ended.</summary>
    [JsonStringEnumMemberName("spent")]
    Spent,

    /// <summary>The model cannot be reached, or refuses the key.</summary>
    [JsonStringEnumMemberName("unreachable")]
    Unreachable,
}
