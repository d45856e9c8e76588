using Assay.Lanes.Epochs;
using Assay.Lanes.Shared;

namespace Assay.Tests.Epochs;

public sealed class BudgetRuleTests
{
    private static readonly PlanBudgets Plan = new() { EpochWallClockMs = 100_000, PerCrucibleTimeoutMs = 1000, PerCrucibleRssMb = 64, PerCrucibleMaxProcesses = 8 };

    [Fact]
    public void What_a_crucible_leaves_out_is_the_plans_cap_or_the_default()
    {
        var caps = BudgetRule.InForce(Plan, new CrucibleBudgets());
        Assert.Equal((1000, 1500, 64L << 20, 8, CapsDefaults.Crucible.OutputBytes), (caps.TimeMs, caps.KillMs, caps.MemoryBytes, caps.Processes, caps.StdoutBytes));
        Assert.Null(caps.CpuTimeMs);
    }

    [Fact]
    public void What_it_asks_for_below_the_cap_is_in_force()
    {
        var caps = BudgetRule.InForce(Plan, new CrucibleBudgets { TimeMs = 500, KernelTimeoutKillMs = 600, RunnerMemoryMaxMb = 32, MaxProcesses = 4, CpuTimeMs = 9 });
        Assert.Equal((500, 600, 32L << 20, 4, 9), (caps.TimeMs, caps.KillMs, caps.MemoryBytes, caps.Processes, caps.CpuTimeMs));
        Assert.Empty(BudgetRule.Violations(Plan, new CrucibleBudgets { TimeMs = 500, KernelTimeoutKillMs = 600 }));
    }

    [Fact]
    public void What_it_asks_for_beyond_a_cap_is_named()
    {
        var budgets = new CrucibleBudgets { TimeMs = 1001, RunnerMemoryMaxMb = 65, MaxProcesses = 9 };
        Assert.Equal(["time_ms", "runner_memory_max_mb", "max_processes"], BudgetRule.Violations(Plan, budgets).Select(v => v.Key));
        Assert.Equal(["kernel_timeout_kill_ms"], BudgetRule.Violations(Plan, new CrucibleBudgets { TimeMs = 500, KernelTimeoutKillMs = 400 }).Select(v => v.Key));
    }
}
