namespace Assay.Lanes.Shared;

/// <summary>The caps of a process whose document leaves them out (ruling 22).</summary>
/// <param name="GraceMs">Between SIGTERM and SIGKILL.</param>
/// <param name="OutputBytes">Of each output.</param>
/// <param name="Processes">With all that it starts.</param>
internal sealed record CapsDefaults(long GraceMs, long OutputBytes, int Processes)
{
    public static readonly CapsDefaults Crucible = new(500, 1 << 20, 256);

    public static readonly CapsDefaults Component = new(2_000, 4 << 20, 128);

    /// <summary>Of a task and of an acceptance test.</summary>
    public static readonly CapsDefaults Task = new(2_000, 8 << 20, 256) { MemoryBytes = 2L << 30 };

    /// <summary>Wall-clock time, where a document may leave it out.</summary>
    public long TimeMs { get; init; } = 600_000;

    /// <summary>Null: no cap.</summary>
    public long? MemoryBytes { get; init; }
}
