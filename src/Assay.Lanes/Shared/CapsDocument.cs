using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Shared;

/// <summary>The key <c>budgets</c> of a component, a task or a test; what it leaves out has its kind's default.</summary>
internal sealed record CapsDocument
{
    public long? TimeMs { get; init; }

    public long? KillGraceMs { get; init; }

    public long? CpuTimeMs { get; init; }

    public long? MemoryMb { get; init; }

    /// <summary>The most of each output, as <c>components.json</c> names it.</summary>
    public long? OutputBytes { get; init; }

    /// <summary>The same, as a task queue names it.</summary>
    public long? StdoutMaxBytes { get; init; }

    public int? Processes { get; init; }

    public long? DiskMb { get; init; }

    public long? NetworkMaxBytes { get; init; }

    public decimal? CostUsd { get; init; }

    [JsonIgnore]
    public long? DiskBytes => DiskMb << 20;

    [JsonIgnore]
    public Usd? MaxCost => CostUsd is { } usd ? Usd.Allowed(usd) : null;

    /// <summary>The caps in force.</summary>
    /// <param name="defaults">Of what is left out.</param>
    /// <param name="disk">Where its folder lies.</param>
    public ProcessCaps ToCaps(CapsDefaults defaults, DiskPlace disk = DiskPlace.Folder)
    {
        var time = TimeMs ?? defaults.TimeMs;
        var output = OutputBytes ?? StdoutMaxBytes ?? defaults.OutputBytes;
        return new ProcessCaps
        {
            TimeMs = time,
            KillMs = time + (KillGraceMs ?? defaults.GraceMs),
            CpuTimeMs = CpuTimeMs,
            MemoryBytes = MemoryMb << 20 ?? defaults.MemoryBytes,
            StdoutBytes = output,
            StderrBytes = output,
            Processes = Processes ?? defaults.Processes,
            DiskBytes = DiskBytes,
            NetworkBytes = NetworkMaxBytes,
            DiskInMemory = disk == DiskPlace.Memory,
        };
    }
}
