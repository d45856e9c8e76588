namespace Assay.Cli;

/// <summary>The exit codes of the command line, as README lists them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadInput = 2;
    public const int FailClosed = 3;
    public const int Budget = 4;
    public const int WaitsForPerson = 5;
    public const int PolicyViolation = 6;
    public const int Cancelled = 130;

    /// <summary>Of a request that was refused: nothing happened.</summary>
    /// <param name="rule">The rule that refused it.</param>
    public static int OfRefusal(string rule) => rule switch
    {
        "stopped_budget" => Budget,
        "policy_override" or "not_a_person" => PolicyViolation,

        // It was tried, and did not come about.
        "tree_moved" or "unhealthy" => Failed,
        _ => BadInput,
    };

    /// <summary>How a job stands. One that is on its way is no failure.</summary>
    public static int Of(string state, string? verdict) => state switch
    {
        "DONE" => verdict == "PASS" ? Done : Failed,
        "REJECTED" => Failed,
        "ERROR" => FailClosed,
        "STOPPED_BUDGET" => Budget,
        "WAITING_APPROVAL" => WaitsForPerson,
        "CANCELLED" or "CANCELLING" => Cancelled,
        _ => Done,
    };
}
