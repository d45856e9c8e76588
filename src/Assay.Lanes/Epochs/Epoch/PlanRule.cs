using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Epochs;

/// <summary>
/// What is wrong with a plan by itself, and with a crucible under it, whatever the host but for its caps: where, which rule, a sentence.
/// </summary>
internal static class PlanRule
{
    /// <param name="plan">The plan.</param>
    /// <param name="kernelCaps">Whether this host's kernel holds caps, so that they need not be polled.</param>
    public static IEnumerable<(string Pointer, string Rule, string Message)> Violations(EpochPlan plan, bool kernelCaps)
    {
        foreach (var id in plan.CrucibleSpecs.Keys.Except(plan.CrucibleOrder, StringComparer.Ordinal))
        {
            var advice = "so it would never run: add it there or take it out here";
            yield return ($"/crucible_specs/{id}", "crucible_order", $"{id} is not in crucible_order, {advice}");
        }

        for (var i = 0; i < plan.RequiredMilestones.Length; i++)
        {
            var id = plan.RequiredMilestones[i];
            if (plan.CrucibleOrder.Contains(id)) continue;
            yield return ($"/required_milestones/{i}", "required_milestones", $"{id} is not in crucible_order");
        }

        for (var i = 0; i < plan.RequireKernelCaps.Length && !kernelCaps; i++)
        {
            var message = $"this host can only poll the cap on {plan.RequireKernelCaps[i]}: see assay doctor";
            yield return ($"/require_kernel_caps/{i}", "require_kernel_caps", message);
        }
    }

    /// <param name="plan">The plan.</param>
    /// <param name="id">The name that it has for the crucible.</param>
    /// <param name="crucible">The crucible.</param>
    public static IEnumerable<(string Pointer, string Rule, string Message)> Violations(EpochPlan plan, string id, Crucible crucible)
    {
        if (crucible.CrucibleId != id) yield return ("/crucible_id", "crucible_id", $"is {crucible.CrucibleId}, but the plan names this file {id}");
        if (!crucible.KernelTargets.Contains(plan.KernelTarget))
        {
            yield return ("/kernel_targets", "kernel_target", $"does not hold the plan's target {plan.KernelTarget}");
        }

        foreach (var (key, message) in BudgetRule.Violations(plan.Budgets, crucible.Budgets)) yield return ($"/budgets/{key}", "budget", message);
        if (Unmetered(crucible) is var (place, word) && plan.Budgets.PerCrucibleNetworkMaxBytes is { } most)
        {
            var advice = "list hosts, or take that cap out of the plan";
            var message = $"{word} has no cap on the network, and the plan's per_crucible_network_max_bytes is {most}: {advice}";
            yield return ($"/{place}", "budget", message);
        }

        if (plan.RunnerConfig.TemplateId == RunnerTemplate.ExitCodeV1 && crucible.Expect.ExpectedOutcome != "PASS")
        {
            const string message = "EXIT_CODE_V1 knows no outcome but PASS: say exit_code, or use C019_RUNNER_V1";
            yield return ("/expect/expected_outcome", "expected_outcome", message);
        }

        if (crucible.Level == SandboxLevel.None && !plan.RequireKernelCaps.IsEmpty)
        {
            const string message = "work that is not caged can leave its cgroup, so its caps are polled: choose a level";
            yield return ("/sandbox", "require_kernel_caps", message);
        }

        for (var i = 0; i < crucible.Expect.RequiredFiles.Length; i++)
        {
            var name = crucible.Expect.RequiredFiles[i];
            if (IsPlain(name)) continue;
            yield return ($"/expect/required_files/{i}", "path", $"{name} is no path inside the run root");
        }
    }

    /// <summary>Whether a path stays below the folder that it starts from, as it is written.</summary>
    public static bool IsPlain(string path) => path.Split('/').All(s => s is not ("" or "." or ".."));

    /// <summary>The key and the word that give it a network which nothing counts; null: it has none.</summary>
    private static (string Key, string Word)? Unmetered(Crucible crucible) => (crucible.Level, crucible.Network) switch
    {
        (SandboxLevel.None, _) => ("sandbox", "none"),
        (_, { } open) => ("network", WireName<OpenNetwork>.Of(open)),
        _ => null,
    };
}
