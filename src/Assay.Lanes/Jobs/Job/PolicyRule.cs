using System.Collections.Immutable;
using System.Text.Json;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>Policies are read-only: what a document says in its <c>extensions</c> is metadata and can set nothing.</summary>
internal static class PolicyRule
{
    public const string BundleVersion = "policy_bundle_v1";

    private const string BudgetVersion = "budget_policy_v1";
    private const string EvaluationVersion = "evaluation_policy_v1";

    private const string HoldoutParam = "holdout_metrics";
    private const string HoldoutGatesParam = "holdout_gates";

    /// <summary>What no extension may be called, whatever the bundle calls its own.</summary>
    private static readonly string[] PolicyWords =
    [
        "policy", "policies", "policy_bundle", "policy_bundle_id", "policy_bundle_path", "policy_overrides", "budget", "budgets", "gates", "thresholds",
        BudgetRule.Spawn, BudgetRule.Iterations, BudgetRule.Proposals, BudgetRule.Cost, BudgetRule.WallClock, HoldoutParam, HoldoutGatesParam,
    ];

    /// <summary>
    /// What is wrong with a bundle beside its own contract: policies of a known kind must satisfy theirs, and one kind may be there once.
    /// </summary>
    public static IEnumerable<InputProblem> Problems(InputDocument bundle)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var policy in bundle.Root.GetProperty("policies").EnumerateObject())
        {
            var version = policy.Value.GetProperty("schema_version").GetString()!;
            if (version is not (BudgetVersion or EvaluationVersion)) continue;
            var pointer = $"/policies/{JsonPointer.Escape(policy.Name)}";
            if (!seen.Add(version)) yield return bundle.Problem(pointer, "policy", $"is a second {version}: one bundle has one");
            foreach (var error in ContractCatalog.Validate(version, policy.Value)) yield return bundle.Problem(pointer + error.InstancePointer, error.Keyword, error.Message);
            if (version == EvaluationVersion && Repeated(policy.Value) is { } twice) yield return bundle.Problem($"{pointer}/params/{HoldoutGatesParam}", "unique", $"{twice} stands there twice");
        }
    }

    /// <summary>The limits of a valid bundle; 0 and absent mean none.</summary>
    public static JobBudget Budget(JsonElement bundle)
    {
        if (Params(bundle, BudgetVersion) is not { } given) return new JobBudget();
        long? Limit(string name) => given.TryGetProperty(name, out var value) && value.GetInt64() is > 0 and var limit ? limit : null;
        var cost = given.TryGetProperty(BudgetRule.Cost, out var usd) ? Usd.Allowed(usd.GetDecimal()) : default;
        return new JobBudget
        {
            MaxSpawnPerJob = Limit(BudgetRule.Spawn),
            MaxTotalIterations = Limit(BudgetRule.Iterations),
            MaxProposalsPerJob = Limit(BudgetRule.Proposals),
            MaxCost = cost > default(Usd) ? cost : null,
            MaxWallClockMs = Limit(BudgetRule.WallClock),
        };
    }

    /// <summary>The figures of a hold-out that may be shown.</summary>
    public static ImmutableArray<string> HoldoutMetrics(JsonElement bundle) =>
        Params(bundle, EvaluationVersion) is { } given && given.TryGetProperty(HoldoutParam, out var names) ? [.. names.EnumerateArray().Select(n => n.GetString()!)] : [];

    /// <summary>The gates that every hold-out has to pass, in the order of their ids.</summary>
    public static ImmutableArray<HoldoutGate> HoldoutGates(JsonElement bundle) =>
        Params(bundle, EvaluationVersion) is { } given && given.TryGetProperty(HoldoutGatesParam, out var gates)
            ? [.. gates.Deserialize(JobJson.Default.ImmutableArrayHoldoutGate).OrderBy(g => g.GateId, StringComparer.Ordinal)]
            : [];

    /// <summary>The bundle's own names: its policies and their parameters.</summary>
    public static ImmutableArray<string> Names(JsonElement bundle) =>
    [
        .. bundle.GetProperty("policies").EnumerateObject()
            .SelectMany(policy => policy.Value.GetProperty("params").EnumerateObject().Select(p => p.Name).Prepend(policy.Name))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// The first place, as a pointer, where the <c>extensions</c> of a document try to set what only a policy may; null when none does.
    /// </summary>
    /// <param name="document">A specification, idea, blueprint or anything else that has extensions.</param>
    /// <param name="policyNames">The names of the bundle in force.</param>
    public static string? Override(JsonElement document, IEnumerable<string> policyNames)
    {
        var names = new HashSet<string>(PolicyWords.Concat(policyNames), StringComparer.OrdinalIgnoreCase);
        return document.ValueKind == JsonValueKind.Object && document.TryGetProperty("extensions", out var extensions) ? Find(extensions, "/extensions", names) : null;
    }

    private static string? Repeated(JsonElement policy) =>
        policy.TryGetProperty("params", out var given) && given.TryGetProperty(HoldoutGatesParam, out var gates) && gates.ValueKind == JsonValueKind.Array
            ? gates.EnumerateArray().Select(g => g.TryGetProperty("gate_id", out var id) ? id.ToString() : "").GroupBy(id => id, StringComparer.Ordinal)
                .FirstOrDefault(g => g.Count() > 1)?.Key
            : null;

    private static string? Find(JsonElement value, string pointer, HashSet<string> names)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    var at = JsonPointer.Append(pointer, member.Name);
                    if (names.Contains(member.Name) || member.Name.EndsWith("_policy", StringComparison.OrdinalIgnoreCase)) return at;
                    if (Find(member.Value, at, names) is { } found) return found;
                }

                return null;
            case JsonValueKind.Array:
                for (var i = 0; i < value.GetArrayLength(); i++)
                {
                    if (Find(value[i], JsonPointer.Append(pointer, i), names) is { } found) return found;
                }

                return null;
            default:
                return null;
        }
    }

    private static JsonElement? Params(JsonElement bundle, string version)
    {
        foreach (var policy in bundle.GetProperty("policies").EnumerateObject())
        {
            if (policy.Value.GetProperty("schema_version").GetString() == version) return policy.Value.GetProperty("params");
        }

        return null;
    }
}
