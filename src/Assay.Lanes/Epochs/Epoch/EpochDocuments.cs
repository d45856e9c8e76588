using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Epochs;

// A property that a document may leave out answers with its default itself: the generated readers pass over initializers.

/// <summary>What an epoch runs: contract <c>epoch_plan_v1</c>.</summary>
internal sealed record EpochPlan
{
    public const string Version = "epoch_plan_v1";

    public required string SchemaVersion { get; init; }

    public required string EpochId { get; init; }

    public required EpochProfile EpochProfile { get; init; }

    /// <summary>Holds <c>kernel_target</c>; every other key is hashed with it.</summary>
    public required JsonElement KernelIdentity { get; init; }

    public required long Seed { get; init; }

    public required ImmutableArray<string> CrucibleOrder { get; init; }

    /// <summary>Paths relative to the plan's folder, by crucible id.</summary>
    public required ImmutableSortedDictionary<string, string> CrucibleSpecs { get; init; }

    public required PlanBudgets Budgets { get; init; }

    public StopConditions? StopConditions { get; init; }

    public ImmutableArray<string> RequiredMilestones { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> RequireKernelCaps { get => field.IsDefault ? [] : field; init; }

    public ImmutableArray<string> Env { get => field.IsDefault ? [] : field; init; }

    public required RunnerConfig RunnerConfig { get; init; }

    [JsonIgnore]
    public string KernelTarget => KernelIdentity.GetProperty("kernel_target").GetString()!;

    /// <summary>The document as the record keeps it, which has its crucibles beside it.</summary>
    public static JsonElement WithoutCrucibles(JsonElement plan)
    {
        var node = JsonObject.Create(plan)!;
        node.Remove("crucible_order");
        node.Remove("crucible_specs");
        return JsonDocument.Parse(node.ToJsonString()).RootElement.Clone();
    }
}

/// <summary>What an epoch's verdict asks for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EpochProfile>))]
public enum EpochProfile
{
    [JsonStringEnumMemberName("COVERAGE")]
    Coverage,

    [JsonStringEnumMemberName("COVERAGE_MILESTONE")]
    CoverageMilestone,

    [JsonStringEnumMemberName("COVERAGE_SEED")]
    CoverageSeed,

    [JsonStringEnumMemberName("GOVERNANCE")]
    Governance,

    [JsonStringEnumMemberName("PARADOX")]
    Paradox,
}

/// <summary>How an epoch runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EpochMode>))]
public enum EpochMode
{
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>Everything runs and is recorded, and nothing may count it.</summary>
    [JsonStringEnumMemberName("shadow")]
    Shadow,

    /// <summary>Failures do not stop the epoch, and what they left is collected; the verdict is never good.</summary>
    [JsonStringEnumMemberName("salvage")]
    Salvage,
}

/// <summary>Caps of a plan: the most that each crucible may ask for, and what is in force where it leaves one out.</summary>
internal sealed record PlanBudgets
{
    public required long EpochWallClockMs { get; init; }

    public required long PerCrucibleTimeoutMs { get; init; }

    public required long PerCrucibleRssMb { get; init; }

    public long? PerCrucibleCpuTimeMs { get; init; }

    public long? PerCrucibleDiskMaxBytes { get; init; }

    public long? PerCrucibleNetworkMaxBytes { get; init; }

    public long? PerCrucibleStdoutMaxBytes { get; init; }

    public long? PerCrucibleStderrMaxBytes { get; init; }

    public long? PerCrucibleMaxProcesses { get; init; }
}

internal sealed record StopConditions
{
    /// <summary>The epoch stops when more crucibles than this have failed; null: never.</summary>
    public long? MaxFailures { get; init; }
}

internal sealed record RunnerConfig
{
    public required RunnerTemplate TemplateId { get; init; }

    /// <summary>Arguments that go behind every crucible's command.</summary>
    public ImmutableArray<string> Args { get => field.IsDefault ? [] : field; init; }
}

/// <summary>How a crucible's program speaks to Assay.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunnerTemplate>))]
internal enum RunnerTemplate
{
    /// <summary>The runner protocol: a coverage file, and a JSON array with the outcome on standard output.</summary>
    [JsonStringEnumMemberName("C019_RUNNER_V1")]
    C019RunnerV1,

    /// <summary>Any program; its exit code is its outcome.</summary>
    [JsonStringEnumMemberName("EXIT_CODE_V1")]
    ExitCodeV1,
}

/// <summary>One trial: contract <c>crucible_v1</c>.</summary>
internal sealed record Crucible
{
    public const string Version = "crucible_v1";

    public required string SchemaVersion { get; init; }

    public required string CrucibleId { get; init; }

    public string? Title { get; init; }

    public required ImmutableArray<string> KernelTargets { get; init; }

    public CrucibleInput Input { get => field ?? new(); init; }

    public required ImmutableArray<string> Command { get; init; }

    public CrucibleBudgets Budgets { get => field ?? new(); init; }

    /// <summary>How far it is kept away from the machine; strict unless it says otherwise.</summary>
    public SandboxLevel? Sandbox { get; init; }

    /// <summary>Paths that it may read besides, as the document names them.</summary>
    public ImmutableArray<string> Reads { get => field.IsDefault ? [] : field; init; }

    /// <summary>Paths in these that stay out of its reach.</summary>
    public ImmutableArray<string> Hides { get => field.IsDefault ? [] : field; init; }

    /// <summary>What it may reach, as the document names it.</summary>
    public ImmutableArray<string> Hosts { get => field.IsDefault ? [] : field; init; }

    /// <summary>Whether it has the host's own network.</summary>
    public OpenNetwork? Network { get; init; }

    /// <summary>Where its folder lies while it runs; in the workspace unless it says otherwise.</summary>
    public DiskPlace? Disk { get; init; }

    [JsonIgnore]
    public SandboxLevel Level => Sandbox ?? SandboxLevel.Strict;

    public bool RetrySafe { get; init; }

    public CrucibleExpectations Expect { get => field ?? new(); init; }
}

internal sealed record CrucibleInput
{
    public string Prompt { get => field ?? ""; init; }

    /// <summary>Paths relative to the crucible file's folder.</summary>
    public ImmutableArray<string> Files { get => field.IsDefault ? [] : field; init; }
}

/// <summary>The caps a crucible asks for; one that is left out is the plan's, or the default.</summary>
internal sealed record CrucibleBudgets
{
    public long? TimeMs { get; init; }

    public long? KernelTimeoutKillMs { get; init; }

    public long? CpuTimeMs { get; init; }

    public long? RunnerMemoryMaxMb { get; init; }

    public long? StdoutMaxBytes { get; init; }

    public long? StderrMaxBytes { get; init; }

    public long? MaxProcesses { get; init; }

    public long? DiskMaxBytes { get; init; }

    public long? NetworkMaxBytes { get; init; }
}

internal sealed record CrucibleExpectations
{
    public string ExpectedOutcome { get => field ?? "PASS"; init; }

    public int ExitCode { get; init; }

    public ReplayVerification ReplayVerification { get; init; }

    public ImmutableArray<string> RequiredFiles { get => field.IsDefault ? [] : field; init; }

    public GovernanceExpectations GovernanceExpectations { get => field ?? new(); init; }
}

internal sealed record GovernanceExpectations
{
    /// <summary>Each must occur as <c>event_type</c> in a line of <c>governance_events.jsonl</c> in the run root.</summary>
    public ImmutableArray<string> RequiredEventTypes { get => field.IsDefault ? [] : field; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ReplayVerification>))]
internal enum ReplayVerification
{
    [JsonStringEnumMemberName("NOT_REQUIRED")]
    NotRequired,

    /// <summary>The crucible runs twice, and standard output and coverage must be the same to the byte.</summary>
    [JsonStringEnumMemberName("REQUIRED_PASS")]
    RequiredPass,
}
