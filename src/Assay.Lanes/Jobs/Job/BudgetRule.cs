using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>Limits of the budget policy (lane document: Jobs, Policies, budgets, lineage).</summary>
internal static class BudgetRule
{
    public const string Spawn = "max_spawn_per_job";
    public const string Iterations = "max_total_iterations";
    public const string Proposals = "max_proposals_per_job";
    public const string Cost = "max_cost_usd";
    public const string WallClock = "max_wall_clock_ms";

    /// <summary>The stages that put a document of an agent's before a person.</summary>
    private static readonly string[] Proposing = [JobStages.Intent, JobStages.StrategySpec, JobStages.Improvements];

    /// <summary>What forbids that a stage starts; null when nothing does.</summary>
    public static StoppedBudget? Stage(JobState state, string stage)
    {
        var budget = state.Job.Budget;
        var counters = state.Counters;
        if (budget.MaxWallClockMs is { } wall && counters.WallClockMs >= wall) return Stop(state, WallClock, wall, $"stage {stage}");
        if (budget.MaxCost is { } cost && counters.Cost >= cost) return Stop(state, Cost, cost.Micros, $"stage {stage}");
        if (Reservation(state, stage) is { } reserved && budget.MaxCost is { } max && counters.Cost + reserved > max)
        {
            return Stop(state, Cost, max.Micros, $"stage {stage}, which may cost {reserved.Micros}");
        }

        return Proposing.Contains(stage) ? Propose(state, 1, $"stage {stage}") : null;
    }

    /// <summary>What forbids that so many more proposals count.</summary>
    public static StoppedBudget? Propose(JobState state, int more, string action) =>
        state.Job.Budget.MaxProposalsPerJob is { } max && state.Counters.Proposals + more > max ? Stop(state, Proposals, max, action) : null;

    /// <summary>What forbids one more child.</summary>
    public static StoppedBudget? SpawnOne(JobState state, ChildJob child)
    {
        var budget = state.Job.Budget;
        var counters = state.Counters;
        var action = $"spawn {child.JobId}";
        if (budget.MaxTotalIterations is { } iterations && counters.Generation + 1 > iterations) return Stop(state, Iterations, iterations, action);
        return budget.MaxSpawnPerJob is { } spawns && counters.Spawned + 1 > spawns ? Stop(state, Spawn, spawns, action) : null;
    }

    /// <summary>
    /// The limit of the job that ended a process; null when none did. What cannot be metered is no limit that was reached.
    /// </summary>
    public static string? EndOf(ProcessOutcome run) => run switch
    {
        { KillReason: KillReason.Deadline } => WallClock,
        { KillReason: KillReason.CostLimit, MeterProblem: null } => Cost,
        _ => null,
    };

    /// <summary>A limit that ended a stage in the middle.</summary>
    public static StoppedBudget During(JobState state, string limit, string stage) =>
        Stop(state, limit, limit == Cost ? state.Job.Budget.MaxCost?.Micros ?? 0 : state.Job.Budget.MaxWallClockMs ?? 0, $"stage {stage}, ended while it ran");

    /// <summary>
    /// The most that a model stage's answer can cost, reserved before the call. A dollar for a million tokens is a millionth for each.
    /// </summary>
    private static Usd? Reservation(JobState state, string stage) => state.Job.Components.TryGetValue(stage, out var component) && component.Model is { } model
        ? new Usd((long)Math.Ceiling(model.MaxOutputTokens * model.OutputUsdPerMillionTokens))
        : null;

    private static StoppedBudget Stop(JobState state, string reason, long limit, string action) => new(reason, limit, action, state.Counters);
}
