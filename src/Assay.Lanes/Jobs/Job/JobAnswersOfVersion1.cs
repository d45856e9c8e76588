using System.Globalization;
using System.Text.Json.Nodes;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>The answers that a job got, as EFFECT_FINISHED of version 1 recorded them. This never changes.</summary>
internal static class JobAnswersOfVersion1
{
    public static JsonObject Answer(StreamOutcomeOfVersion1 old)
    {
        if (JobEffects.ChildOf(old.EffectId) is not null)
        {
            return new JsonObject { ["kind"] = "submit", ["phase"] = WireName<JobPhase>.Of(Enum.Parse<JobPhase>(old.Status)) };
        }

        return JobEffects.StageOf(old.EffectId) == JobStages.Registry
            ? new JsonObject { ["kind"] = "trial", ["trial"] = long.Parse(old.Reason!, CultureInfo.InvariantCulture) }
            : Run(old);
    }

    private static JsonObject Run(StreamOutcomeOfVersion1 old)
    {
        var (rule, message) = old.Reason is { } reason ? StreamOutcomeOfVersion1.Split(reason) : (null, null);
        return new JsonObject
        {
            ["kind"] = "run",
            ["end"] = old.Status,
            ["rule"] = rule,
            ["message"] = message,
            ["is_own"] = old["counts"],
            ["cost_micro_usd"] = old["cost_micro_usd"],
            ["duration_ms"] = old["duration_ms"],
        };
    }
}
