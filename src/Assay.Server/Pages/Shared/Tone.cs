namespace Assay.Server.Pages.Shared;

/// <summary>The colours of a badge, by what the words of the lanes' states, verdicts and breakers mean for whoever reads them.</summary>
internal static class Tone
{
    public const string Good = "good";
    public const string Bad = "bad";
    public const string Wait = "wait";
    public const string Off = "off";
    public const string Busy = "busy";

    /// <summary>The colour of a word; of one that is not known here, as something that goes on has it.</summary>
    public static string Of(string state) => state switch
    {
        "PASS" or "COMPLETED" or "FINISHED" or "passed" or "committed" or "CLOSED" or "healthy" or "allowed" => Good,
        "FAIL" or "FAILED" or "ERROR" or "REJECTED" or "STOPPED_BUDGET" or "TIMEOUT" or "failed" or "quarantined" or "apply_failed"
            or "OPEN" or "unhealthy" or "refused" or "unreachable" => Bad,
        "WAITING_APPROVAL" or "HALF_OPEN" or "PAUSED" or "rolled_back" => Wait,
        "CANCELLED" or "CANCELLING" or "PENDING" or "IDLE" or "dropped" or "unchecked" or "unknown" => Off,
        _ => Busy,
    };
}
