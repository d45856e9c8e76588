using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>The documents of a run as people write them; what they leave out has the default shown here.</summary>
internal sealed record TaskQueueDocument(string RunId, ImmutableArray<TaskDocument> Tasks)
{
    public ImmutableArray<string> Protected { get => field.IsDefault ? [] : field; init; }
}

internal sealed record TaskDocument
{
    public required string TaskId { get; init; }

    public required string Title { get; init; }

    public required string Kind { get; init; }

    public int Priority { get; init; }

    public ImmutableArray<string> DependsOn { get => field.IsDefault ? [] : field; init; }

    public string? Prompt { get; init; }

    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    public JsonElement? Request { get; init; }

    public string? Instructions { get; init; }

    public string? WorkingTree { get; init; }

    public ScopeDocument? FileScope { get; init; }

    public ImmutableArray<TestDocument> AcceptanceTests { get => field.IsDefault ? [] : field; init; }

    public ContextDocument? Context { get; init; }

    public CapsDocument? Budgets { get; init; }

    public int? MaxAttempts { get; init; }

    public bool RetrySafe { get; init; }
}

internal sealed record ScopeDocument
{
    public ImmutableArray<string> Write { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Forbid { get => field.IsDefault ? [] : field; init; }
}

/// <summary>The key <c>context</c> of a task.</summary>
internal sealed record ContextDocument
{
    public ImmutableArray<string>? Globs { get; init; }

    public long? MaxBytes { get; init; }
}

internal sealed record TestDocument
{
    public required string Name { get; init; }

    public required string Kind { get; init; }

    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    public SchemaDocument? Schema { get; init; }

    public CapsDocument? Budgets { get; init; }

    public bool? Required { get; init; }

    public ReportFormat? Parse { get; init; }

    public bool Parallel { get; init; }

    public ImmutableArray<string> Outputs { get => field.IsDefault ? [] : field; init; }

    public SandboxLevel? Sandbox { get; init; }

    public ImmutableArray<string> Reads { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Hides { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Hosts { get => field.IsDefault ? [] : field; init; }

    public OpenNetwork? Network { get; init; }

    public ImmutableArray<string> Env { get => field.IsDefault ? [] : field; init; }

    [JsonIgnore]
    public GrantKeys Keys => new(Reads, Hides, Hosts, Network) { NetworkMaxBytes = Budgets?.NetworkMaxBytes };
}

/// <summary>The key <c>schema</c> of a test.</summary>
/// <param name="Path">The schema, from the project's top.</param>
/// <param name="Files">Patterns of the files of the tree that are to keep it.</param>
internal sealed record SchemaDocument(string Path, ImmutableArray<string> Files);

internal sealed record RoutingDocument(string RunId, ImmutableArray<RoutingDecision> Decisions)
{
    [JsonPropertyName("ROUTING_COMPLETE")]
    public bool IsComplete { get; init; }
}

internal sealed record RoutingDecision
{
    public required string TaskId { get; init; }

    public required string AdapterId { get; init; }

    public ImmutableArray<string> FallbackAdapterIds { get => field.IsDefault ? [] : field; init; }

    public string? Reason { get; init; }
}

internal sealed record AdaptersDocument(ImmutableArray<AdapterDocument> Adapters)
{
    public long? SafeModeAfterMs { get; init; }

    public EscalationDocument? Escalation { get; init; }
}

internal sealed record EscalationDocument(string WebhookUrl, string SecretEnv);

/// <summary>The key <c>agent</c> of an adapter.</summary>
internal sealed record AgentDocument
{
    public required AgentProduct Template { get; init; }

    public required string Model { get; init; }

    public string? Endpoint { get; init; }

    public string? ApiKeyFile { get; init; }

    public decimal? InputUsdPerMillionTokens { get; init; }

    public decimal? CachedInputUsdPerMillionTokens { get; init; }

    public decimal? OutputUsdPerMillionTokens { get; init; }

    public int? MaxOutputTokens { get; init; }
}

internal sealed record AdapterDocument
{
    public required string AdapterId { get; init; }

    public required AdapterKind Kind { get; init; }

    public SandboxLevel? Sandbox { get; init; }

    public ImmutableArray<string> Reads { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Hides { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Hosts { get => field.IsDefault ? [] : field; init; }

    public OpenNetwork? Network { get; init; }

    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    public string? Url { get; init; }

    public string? Method { get; init; }

    public ImmutableDictionary<string, string>? Headers { get; init; }

    public JsonElement? Body { get; init; }

    public long? MaxResponseBytes { get; init; }

    public AnswerKind? Answer { get; init; }

    public ModelCall? Model { get; init; }

    public AgentDocument? Agent { get; init; }

    /// <summary>Variables with fixed values.</summary>
    public ImmutableDictionary<string, string>? Set { get; init; }

    public ImmutableArray<string> Env { get => field.IsDefault ? [] : field; init; }

    public HealthCheckDocument? HealthCheck { get; init; }

    public int? Concurrency { get; init; }

    public BreakerDocument? CircuitBreaker { get; init; }

    public RetryDocument? Retry { get; init; }

    public RateDocument? RateLimit { get; init; }

    public SuccessDocument? Success { get; init; }

    public long? ReminderMs { get; init; }
}

internal sealed record HealthCheckDocument
{
    public ImmutableArray<string> Command { get => field.IsDefault ? [] : field; init; }

    public string? Url { get; init; }

    public long? IntervalMs { get; init; }

    public long? TimeoutMs { get; init; }
}

internal sealed record BreakerDocument
{
    public int? FailureThreshold { get; init; }

    public long? OpenMs { get; init; }

    public int? HalfOpenSuccesses { get; init; }
}

internal sealed record RetryDocument
{
    public int? MaxAttempts { get; init; }

    public ImmutableArray<RetryCause> On { get => field.IsDefault ? [] : field; init; }

    public BackOffGrowth? Backoff { get; init; }

    public long? BaseMs { get; init; }

    public long? MaxMs { get; init; }

    public bool? Jitter { get; init; }
}

/// <summary>What is tried again only where an adapter says so.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RetryCause>))]
internal enum RetryCause
{
    /// <summary>An attempt that ended well, and whose acceptance tests failed.</summary>
    [JsonStringEnumMemberName("acceptance")]
    Acceptance,
}

internal sealed record RateDocument(int Permits, int PerMs);

internal sealed record SuccessDocument
{
    public ImmutableArray<int> ExitCodes { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<int> StatusCodes { get => field.IsDefault ? [] : field; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TaskQueueDocument))]
[JsonSerializable(typeof(RoutingDocument))]
[JsonSerializable(typeof(AdaptersDocument))]
internal sealed partial class TaskInputJson : JsonSerializerContext;
