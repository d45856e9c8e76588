using Assay.Kernel.Effects;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Epochs;

/// <summary>
/// What a crucible may ask for, and what is in force. A budget over the plan's cap is refused; one that is left out is the plan's, or the
/// default (ruling 22).
/// </summary>
internal static class BudgetRule
{
    private const long MiB = 1 << 20;

    /// <summary>The caps in force, for budgets without a <see cref="Violations">violation</see>.</summary>
    /// <param name="plan">What the plan allows.</param>
    /// <param name="crucible">What the crucible asks for.</param>
    /// <param name="disk">Where its folder lies.</param>
    public static ProcessCaps InForce(PlanBudgets plan, CrucibleBudgets crucible, DiskPlace disk = DiskPlace.Folder)
    {
        var defaults = CapsDefaults.Crucible;
        var time = crucible.TimeMs ?? Math.Min(plan.PerCrucibleTimeoutMs, crucible.KernelTimeoutKillMs ?? long.MaxValue);
        return new ProcessCaps
        {
            TimeMs = time,
            KillMs = crucible.KernelTimeoutKillMs ?? time + defaults.GraceMs,
            CpuTimeMs = crucible.CpuTimeMs ?? plan.PerCrucibleCpuTimeMs,
            MemoryBytes = (crucible.RunnerMemoryMaxMb ?? plan.PerCrucibleRssMb) * MiB,
            StdoutBytes = crucible.StdoutMaxBytes ?? Math.Min(defaults.OutputBytes, plan.PerCrucibleStdoutMaxBytes ?? long.MaxValue),
            StderrBytes = crucible.StderrMaxBytes ?? Math.Min(defaults.OutputBytes, plan.PerCrucibleStderrMaxBytes ?? long.MaxValue),
            Processes = (int)Math.Min(int.MaxValue, crucible.MaxProcesses ?? Math.Min(defaults.Processes, plan.PerCrucibleMaxProcesses ?? long.MaxValue)),
            DiskBytes = crucible.DiskMaxBytes ?? plan.PerCrucibleDiskMaxBytes,
            NetworkBytes = crucible.NetworkMaxBytes ?? plan.PerCrucibleNetworkMaxBytes,
            DiskInMemory = disk == DiskPlace.Memory,
        };
    }

    /// <summary>What a crucible asks for beyond the plan's caps: its key, and a sentence.</summary>
    public static IEnumerable<(string Key, string Message)> Violations(PlanBudgets plan, CrucibleBudgets crucible)
    {
        (string Key, long? Asked, string CapName, long? Cap)[] rules =
        [
            ("time_ms", crucible.TimeMs, "per_crucible_timeout_ms", plan.PerCrucibleTimeoutMs),
            ("kernel_timeout_kill_ms", crucible.KernelTimeoutKillMs, "per_crucible_timeout_ms", plan.PerCrucibleTimeoutMs),
            ("runner_memory_max_mb", crucible.RunnerMemoryMaxMb, "per_crucible_rss_mb", plan.PerCrucibleRssMb),
            ("cpu_time_ms", crucible.CpuTimeMs, "per_crucible_cpu_time_ms", plan.PerCrucibleCpuTimeMs),
            ("stdout_max_bytes", crucible.StdoutMaxBytes, "per_crucible_stdout_max_bytes", plan.PerCrucibleStdoutMaxBytes),
            ("stderr_max_bytes", crucible.StderrMaxBytes, "per_crucible_stderr_max_bytes", plan.PerCrucibleStderrMaxBytes),
            ("max_processes", crucible.MaxProcesses, "per_crucible_max_processes", plan.PerCrucibleMaxProcesses),
            ("disk_max_bytes", crucible.DiskMaxBytes, "per_crucible_disk_max_bytes", plan.PerCrucibleDiskMaxBytes),
            ("network_max_bytes", crucible.NetworkMaxBytes, "per_crucible_network_max_bytes", plan.PerCrucibleNetworkMaxBytes),
        ];
        foreach (var (key, asked, capName, cap) in rules)
        {
            if (asked > cap) yield return (key, $"{key} is {asked}, over the plan's {capName} of {cap}");
        }

        if (crucible.KernelTimeoutKillMs < crucible.TimeMs)
        {
            yield return ("kernel_timeout_kill_ms", $"kernel_timeout_kill_ms is {crucible.KernelTimeoutKillMs}, before time_ms of {crucible.TimeMs}");
        }
    }
}
