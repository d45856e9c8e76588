using System.Text.Json.Serialization;

namespace Assay.Kernel.Effects;

/// <summary>What a process and everything it starts may use. Null: no cap.</summary>
public sealed record ProcessCaps
{
    /// <summary>Wall-clock time after which the process group gets SIGTERM.</summary>
    public required long TimeMs { get; init; }

    /// <summary>Wall-clock time after which everything that is left gets SIGKILL.</summary>
    public required long KillMs { get; init; }

    public long? CpuTimeMs { get; init; }

    public long? MemoryBytes { get; init; }

    public required long StdoutBytes { get; init; }

    public required long StderrBytes { get; init; }

    public int? Processes { get; init; }

    /// <summary>Bytes that may lie in the run root.</summary>
    public long? DiskBytes { get; init; }
}

/// <summary>How a cap was in force.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Enforcement>))]
public enum Enforcement
{
    /// <summary>No cap was asked for, or none could be had.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>The host's kernel refuses or kills at the cap.</summary>
    [JsonStringEnumMemberName("kernel")]
    Kernel,

    /// <summary>The engine measures at short intervals and kills; a short excess is possible.</summary>
    [JsonStringEnumMemberName("polled")]
    Polled,
}

/// <summary>One cap as it was in force: by which means, and through which mechanism (<c>cgroup-v1:memory</c>, <c>rlimit:cpu</c>, <c>pipe</c> …).</summary>
public sealed record CapInForce(long? Limit, Enforcement Enforcement, string Mechanism);

/// <summary>The evidence of enforcement for one process.</summary>
public sealed record CapsInForce
{
    private static readonly CapInForce None = new(null, Enforcement.None, "unknown");

    /// <summary>Of an attempt of which nothing is known but that it failed: no cap can be vouched for.</summary>
    public static readonly CapsInForce Unknown = new()
    {
        Time = None,
        CpuTime = None,
        Memory = None,
        Stdout = None,
        Stderr = None,
        Processes = None,
        Disk = None,
        Isolation = "unknown",
    };

    public required CapInForce Time { get; init; }

    public required CapInForce CpuTime { get; init; }

    public required CapInForce Memory { get; init; }

    public required CapInForce Stdout { get; init; }

    public required CapInForce Stderr { get; init; }

    public required CapInForce Processes { get; init; }

    public required CapInForce Disk { get; init; }

    /// <summary>The isolation that was in force: <c>none</c>, or the tool that provided it.</summary>
    public required string Isolation { get; init; }
}

/// <summary>How far a process is kept away from the rest of the machine.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SandboxLevel>))]
public enum SandboxLevel
{
    /// <summary>No isolation; the evidence says so.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Read-only root, private /tmp, the workspace hidden but for the run root; the network as it is.</summary>
    [JsonStringEnumMemberName("confined")]
    Confined,

    /// <summary>Confined, and no network.</summary>
    [JsonStringEnumMemberName("strict")]
    Strict,
}
