using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Kernel.Effects;

/// <summary>What came of an effect that was performed to its end.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ProcessOutcome), "process")]
[JsonDerivedType(typeof(FilesOutcome), "files")]
[JsonDerivedType(typeof(AnswerOutcome), "answer")]
[JsonDerivedType(typeof(CopyOutcome), "copy")]
[JsonDerivedType(typeof(ChangesOutcome), "changes")]
[JsonDerivedType(typeof(ApplyOutcome), "apply")]
[JsonDerivedType(typeof(CheckOutcome), "check")]
[JsonDerivedType(typeof(ContextOutcome), "context")]
[JsonDerivedType(typeof(HttpOutcome), "http")]
public abstract record EffectOutcome;

/// <summary>How a process ended and what it left.</summary>
public sealed record ProcessOutcome : EffectOutcome
{
    /// <summary>Why it could not be started, in the operating system's words; null when it ran.</summary>
    public string? StartError { get; init; }

    /// <summary>The operating system's number of that error, when the start itself failed; null when it ran, or was not even tried.</summary>
    public int? StartErrno { get; init; }

    /// <summary>Why the engine could not bring it to its end or keep what it left; it may have run. Null when it could.</summary>
    public string? Problem { get; init; }

    /// <summary>
    /// Why there is no end that could be judged, whatever end was expected; null when it ended, by itself or by the engine, or was not let
    /// start.
    /// </summary>
    [JsonIgnore]
    public string? NoEnd => StartError ?? Problem ?? (HasEnd ? null : "it left neither exit code nor signal");

    private bool HasEnd => ExitCode is not null || Signal is not null || KillReason is not null || !ChangedInputs.IsDefaultOrEmpty;

    /// <summary>What it printed, as far as there are files of it.</summary>
    [JsonIgnore]
    public IEnumerable<Captured> Output => new[] { Stdout, Stderr, Gateway?.Log }.OfType<Captured>().Where(o => Problem is null || o.SizeBytes > 0);

    /// <summary>Null when it was ended by a signal, or never ran.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended it, or null.</summary>
    public int? Signal { get; init; }

    public KillReason? KillReason { get; init; }

    /// <summary>The cap by which it most likely failed, when it ended by itself and that is all that can be said; else null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KillReason? ProbableReason { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long DurationMs { get; init; }

    public required long CpuTimeMs { get; init; }

    /// <summary>The most anonymous and mapped memory the whole tree held at once, as far as it was observed.</summary>
    public required long PeakRssBytes { get; init; }

    public required Captured Stdout { get; init; }

    public required Captured Stderr { get; init; }

    /// <summary>The run root in force, relative to the effect's root.</summary>
    public required string RunRoot { get; init; }

    /// <summary>False when the process removed its own run root or put something else there.</summary>
    public required bool RunRootPresent { get; init; }

    /// <summary>Processes that were left running and were ended with it.</summary>
    public int LeakedProcesses { get; init; }

    /// <summary>How often the kernel refused a new process at the cap.</summary>
    public long ProcessLimitHits { get; init; }

    /// <summary>The files that were asked for, in the order asked.</summary>
    public ImmutableArray<CollectedFile> Files { get; init; } = [];

    /// <summary>The files of the folder that was to be listed, by name; empty when none was.</summary>
    public ImmutableArray<CollectedFile> Listed { get => field.IsDefault ? [] : field; init; }

    /// <summary>Why the list of that folder is not whole; null when it is.</summary>
    public string? ListProblem { get; init; }

    /// <summary>What was spent as far as the meter says; null when nothing was metered.</summary>
    [JsonPropertyName("cost_micro_usd")]
    public Usd? Cost { get; init; }

    /// <summary>Why the meter could not be read; null when it could.</summary>
    public string? MeterProblem { get; init; }

    /// <summary>Inputs whose content was no longer the expected one, before the start or after the end.</summary>
    public ImmutableArray<string> ChangedInputs { get; init; } = [];

    /// <summary>What it tried to reach; null where its network was not watched, because it had none or all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Egress? Egress { get; init; }

    /// <summary>What went through its gateway to a model; null: it had none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GatewayReport? Gateway { get; init; }

    public required CapsInForce Caps { get; init; }
}

/// <summary>Why the engine ended a process.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KillReason>))]
public enum KillReason
{
    [JsonStringEnumMemberName("TIMEOUT")]
    Timeout,

    /// <summary>The deadline of the whole undertaking came before the process's own time cap.</summary>
    [JsonStringEnumMemberName("DEADLINE")]
    Deadline,

    [JsonStringEnumMemberName("OUTPUT_LIMIT")]
    OutputLimit,

    [JsonStringEnumMemberName("MEMORY_LIMIT")]
    MemoryLimit,

    [JsonStringEnumMemberName("PROCESS_LIMIT")]
    ProcessLimit,

    [JsonStringEnumMemberName("CPU_LIMIT")]
    CpuLimit,

    [JsonStringEnumMemberName("DISK_LIMIT")]
    DiskLimit,

    /// <summary>More bytes would have passed to or from the hosts it may reach.</summary>
    [JsonStringEnumMemberName("NETWORK_LIMIT")]
    NetworkLimit,

    /// <summary>Its model could not be reached, or refused the key: it would only have waited.</summary>
    [JsonStringEnumMemberName("MODEL_UNREACHABLE")]
    ModelUnreachable,

    /// <summary>What it printed could not be kept: the host's disk is full or broken.</summary>
    [JsonStringEnumMemberName("CAPTURE_FAILED")]
    CaptureFailed,

    /// <summary>What it spent passed its limit, or its meter could not be read.</summary>
    [JsonStringEnumMemberName("COST_LIMIT")]
    CostLimit,

    [JsonStringEnumMemberName("CANCELLED")]
    Cancelled,
}

/// <summary>A stream of output as it was kept: where, how much, and whether it was cut at its cap.</summary>
public sealed record Captured(string File, long SizeBytes, Digest Sha256, bool Truncated)
{
    /// <summary>Output of which nothing was kept; there need be no such file.</summary>
    public static Captured Nothing(string file) => new(file, 0, Digest.Of(""), Truncated: true);
}

/// <summary>A file that was asked for. <see cref="Problem"/> says why there is no digest: missing, no regular file, too large.</summary>
public sealed record CollectedFile(string Name, long SizeBytes, Digest? Sha256, string? Problem)
{
    /// <summary>Whether there is no such file at all. Earlier builds say it in words only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsMissing { get; init; }

    /// <summary>One that is not there.</summary>
    public static CollectedFile Missing(string name) => new(name, 0, null, "is missing") { IsMissing = true };
}

/// <summary>What another stream answered to a command.</summary>
/// <param name="Stream">Its name.</param>
/// <param name="Answer">The answer, a record of its lane's own.</param>
public sealed record AnswerOutcome(StreamName Stream, StreamAnswer Answer) : EffectOutcome;

/// <summary>Files that were copied into the record.</summary>
public sealed record FilesOutcome(ImmutableArray<CollectedFile> Files, bool Complete) : EffectOutcome;
