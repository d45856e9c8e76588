using System.Text.Json;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Epochs;

/// <summary>Values as documents write them.</summary>
public static class EpochWords
{
    public static string Of(EpochVerdict verdict) => Text(JsonSerializer.SerializeToElement(verdict, EpochJson.Default.EpochVerdict));

    public static string Of(CrucibleOutcome outcome) => Text(JsonSerializer.SerializeToElement(outcome, EpochJson.Default.CrucibleOutcome));

    public static string Of(EpochProfile profile) => Text(JsonSerializer.SerializeToElement(profile, EpochJson.Default.EpochProfile));

    public static string Of(KillReason reason) => Text(JsonSerializer.SerializeToElement(reason, EpochJson.Default.KillReason));

    /// <summary>The verdict that a document writes so.</summary>
    public static EpochVerdict Verdict(string text) => JsonSerializer.SerializeToElement(text, EpochJson.Default.String).Deserialize(EpochJson.Default.EpochVerdict);

    private static string Text(JsonElement element) => element.GetString()!;
}
