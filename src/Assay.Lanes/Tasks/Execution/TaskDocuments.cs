using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>A task as it was when the run was declared (contract <c>task_queue_v1</c>).</summary>
internal sealed record TaskSpec
{
    public required string TaskId { get; init; }

    public required string Title { get; init; }

    public required string Kind { get; init; }

    /// <summary>The lower goes first.</summary>
    public int Priority { get; init; }

    public required ImmutableArray<string> DependsOn { get; init; }

    /// <summary>What the adapter is to do, kept by the ledger.</summary>
    public Digest? Prompt { get; init; }

    /// <summary>What a person is to do, when one of the adapters is a person.</summary>
    public TaskText? Instructions { get; init; }

    /// <summary>Why it was routed so, in the words of whoever did.</summary>
    public string? RoutingReason { get; init; }

    /// <summary>Words that stand for <c>{command}</c> in an adapter's command.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Absolute path of the tree that the task changes; null: it changes none.</summary>
    public string? WorkingTree { get; init; }

    public required FileScope FileScope { get; init; }

    public required ImmutableArray<AcceptanceTest> AcceptanceTests { get; init; }

    public required ProcessCaps Caps { get; init; }

    [JsonPropertyName("max_cost_micro_usd")]
    public Usd? MaxCost { get; init; }

    public required int MaxAttempts { get; init; }

    /// <summary>
    /// Whether its document says nothing of attempts, so that its adapter's number holds and not <see cref="MaxAttempts"/>. Earlier builds
    /// never say so.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool LeavesAttemptsToAdapter { get; init; }

    /// <summary>Whether an attempt whose effect is not known may be made again.</summary>
    public required bool RetrySafe { get; init; }

    /// <summary>The adapters in the order in which they are asked.</summary>
    public required ImmutableArray<string> AdapterIds { get; init; }

    /// <summary>The request body for each adapter that takes one, kept by the ledger.</summary>
    public required ImmutableSortedDictionary<string, Digest> Bodies { get; init; }

    /// <summary>What of its tree an attempt is given besides its prompt; null: nothing, as in what earlier builds recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TaskContext? Context { get; init; }

    /// <summary>One of its tests.</summary>
    public AcceptanceTest Test(string name) => AcceptanceTests.Single(t => t.Name == name);
}

/// <summary>A text that the ledger keeps.</summary>
internal sealed record TaskText(Digest Sha256, long SizeBytes);

/// <summary>Which files a task may change: those that a pattern of <paramref name="Write"/> names and none of <paramref name="Forbid"/> does.</summary>
internal sealed record FileScope(ImmutableArray<string> Write, ImmutableArray<string> Forbid);

/// <summary>How the result of an acceptance test is read.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReportFormat>))]
public enum ReportFormat
{
    [JsonStringEnumMemberName("exit_code")]
    ExitCode,

    [JsonStringEnumMemberName("junit")]
    JUnit,

    [JsonStringEnumMemberName("trx")]
    Trx,

    [JsonStringEnumMemberName("tap")]
    Tap,

    [JsonStringEnumMemberName("sarif")]
    Sarif,
}

/// <summary>A test that a change has to pass before it comes into the real tree.</summary>
internal sealed record AcceptanceTest
{
    public required string Name { get; init; }

    public required string Kind { get; init; }

    /// <summary><c>{report}</c> stands for the file into which the test writes its report; without it, standard output is the report.</summary>
    public required ImmutableArray<string> Command { get; init; }

    public required ProcessCaps Caps { get; init; }

    public required bool Required { get; init; }

    public required ReportFormat Parse { get; init; }

    /// <summary>Whether it may run beside the other tests that say so.</summary>
    public required bool Parallel { get; init; }

    public required SandboxLevel Sandbox { get; init; }

    /// <summary>What it may read besides; null in what was recorded before there were grants.</summary>
    public Grants? Grants { get; init; }

    public required ImmutableArray<string> Inherit { get; init; }

    /// <summary>Patterns of what it may write in the tree that it tests, which is put back after it.</summary>
    public ImmutableArray<string> Outputs { get => field.IsDefault ? [] : field; init; }

    /// <summary>What Assay itself looks at; null: its command is the document's own, as in what earlier builds recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BuiltInCheck? Check { get; init; }
}

/// <summary>What an adapter is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdapterKind>))]
public enum AdapterKind
{
    [JsonStringEnumMemberName("process")]
    Process,

    [JsonStringEnumMemberName("http")]
    Http,

    [JsonStringEnumMemberName("manual")]
    Manual,

    [JsonStringEnumMemberName("model")]
    Model,

    /// <summary>An agent that works in the copy, with a gateway to its model.</summary>
    [JsonStringEnumMemberName("agent")]
    Agent,
}

/// <summary>What an answer over HTTP or of a model is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AnswerKind>))]
internal enum AnswerKind
{
    /// <summary>Kept as evidence, and nothing else.</summary>
    [JsonStringEnumMemberName("text")]
    Text,

    /// <summary>A unified diff, which is applied to the copy.</summary>
    [JsonStringEnumMemberName("patch")]
    Patch,
}

/// <summary>An adapter as it was when the run was declared (contract <c>adapters_v1</c>).</summary>
internal sealed record AdapterSpec
{
    public required string AdapterId { get; init; }

    public required AdapterKind Kind { get; init; }

    public required SandboxLevel Sandbox { get; init; }

    /// <summary>What it may read besides; null in what was recorded before there were grants.</summary>
    public Grants? Grants { get; init; }

    public required ImmutableArray<string> Command { get; init; }

    /// <summary>The program, when it is a file of the project.</summary>
    public required ImmutableArray<PinnedFile> Pinned { get; init; }

    public required ImmutableArray<string> Inherit { get; init; }

    public string? Url { get; init; }

    public string Method { get; init; } = "POST";

    public required ImmutableSortedDictionary<string, string> Headers { get; init; }

    public long MaxResponseBytes { get; init; }

    public AnswerKind Answer { get; init; }

    public ModelCall? Model { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AgentSpec? Agent { get; init; }

    /// <summary>Variables with fixed values; null in what was recorded before there were any, and where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<string, string>? Environment { get; init; }

    public HealthCheck? HealthCheck { get; init; }

    /// <summary>How many tasks of a run it works on at once.</summary>
    public required int Concurrency { get; init; }

    public required BreakerSettings CircuitBreaker { get; init; }

    public required RetrySettings Retry { get; init; }

    public required ImmutableArray<int> SuccessCodes { get; init; }

    public RateLimit? RateLimit { get; init; }

    /// <summary>When a person is reminded of a manual task; null: never.</summary>
    public long? ReminderMs { get; init; }
}

/// <summary>How it is found out whether an adapter can work.</summary>
internal sealed record HealthCheck(ImmutableArray<string> Command, string? Url, long IntervalMs, long TimeoutMs);

/// <summary>When a breaker opens, how long it stays so, and how many probes close it.</summary>
internal sealed record BreakerSettings(int FailureThreshold, long OpenMs, int HalfOpenSuccesses);

/// <summary>How often an adapter is tried, and the pauses in between.</summary>
internal sealed record RetrySettings(int MaxAttempts, BackOff Pauses)
{
    /// <summary>Whether a task whose acceptance tests failed is tried again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OnAcceptance { get; init; }
}

/// <summary>Where escalations go, and the variable that holds the key with which they are signed.</summary>
internal sealed record EscalationTarget(string WebhookUrl, string SecretVariable);
