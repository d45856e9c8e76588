using System.Collections.Immutable;
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

    /// <summary>Bytes that may pass to and from the hosts that are listed, both ways together.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? NetworkBytes { get; init; }

    /// <summary>
    /// Whether the run root lies in memory while it runs, so that the kernel holds the disk cap. Asks for <see cref="DiskBytes"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DiskInMemory { get; init; }
}

/// <summary>Where a run's own folder lies while it runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DiskPlace>))]
public enum DiskPlace
{
    /// <summary>In the workspace; the disk cap is polled.</summary>
    [JsonStringEnumMemberName("folder")]
    Folder,

    /// <summary>In memory, as large as the disk cap, which the kernel holds.</summary>
    [JsonStringEnumMemberName("memory")]
    Memory,
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

/// <summary>
/// One cap as it was in force: by which means, and through which mechanism (<c>cgroup-v1:memory</c>, <c>rlimit:cpu</c>, <c>pipe</c> …).
/// </summary>
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

    /// <summary>Null where no hosts were listed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CapInForce? Network { get; init; }

    /// <summary>The isolation that was in force, in a word: <c>UNCAGED</c>, or the mechanism and the level.</summary>
    public required string Isolation { get; init; }

    /// <summary>How each promise of the cage was kept; null in what was recorded before there was one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CageInForce? Cage { get; init; }

    /// <summary>Whether it is on record that nothing kept the process away from the machine.</summary>
    [JsonIgnore]
    public bool IsUncaged => Cage is { Level: SandboxLevel.None };
}

/// <summary>The six promises of the cage (docs/cage.md), each with what held it in this run.</summary>
/// <param name="Level">The level that was asked for.</param>
/// <param name="Caps">1: it used no more than its caps.</param>
/// <param name="Reads">2: it read nothing but the system's programs, what was declared and its own.</param>
/// <param name="Writes">3: it changed nothing but its own.</param>
/// <param name="Network">4: it reached no network but what was declared.</param>
/// <param name="Others">5: it touched no process, socket or cgroup of anybody else.</param>
/// <param name="End">6: it ended with its run or with the engine.</param>
public sealed record CageInForce(SandboxLevel Level, Promise Caps, Promise Reads, Promise Writes, Promise Network, Promise Others, Promise End);

/// <summary>One promise as it was held.</summary>
/// <param name="Held">How far.</param>
/// <param name="By">The mechanisms: <c>view</c>, <c>landlock</c>, <c>seccomp</c>, <c>cgroup-v1</c> … Empty: nothing held it.</param>
public sealed record Promise(Holding Held, ImmutableArray<string> By);

/// <summary>How far a promise was held.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Holding>))]
public enum Holding
{
    /// <summary>Not at all.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>By the host's kernel.</summary>
    [JsonStringEnumMemberName("kernel")]
    Kernel,

    /// <summary>The engine looks at short intervals, or afterwards; a short excess is possible.</summary>
    [JsonStringEnumMemberName("polled")]
    Polled,

    /// <summary>By the kernel for the content of files, not for modes, owners, times and attributes.</summary>
    [JsonStringEnumMemberName("contents_only")]
    ContentsOnly,

    /// <summary>By the kernel, but for signals to processes of the same user.</summary>
    [JsonStringEnumMemberName("signals_open")]
    SignalsOpen,
}

/// <summary>How far a process is kept away from the rest of the machine (cage.md, "Levels").</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SandboxLevel>))]
public enum SandboxLevel
{
    /// <summary>Not at all: it may what its user may, and every verdict above it says UNCAGED.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>
    /// It reads the system's programs, what is declared and its own folder, writes its own folder, and reaches what <c>hosts</c> lists, or all of
    /// the host's network with <c>network: all</c>.
    /// </summary>
    [JsonStringEnumMemberName("confined")]
    Confined,

    /// <summary>Confined, and no network but a loopback of its own where it can have one.</summary>
    [JsonStringEnumMemberName("strict")]
    Strict,

    /// <summary>Strict, and nothing else is there to be seen, where there can be a view.</summary>
    [JsonStringEnumMemberName("isolated")]
    Isolated,
}
