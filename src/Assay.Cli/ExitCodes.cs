using Assay.Kernel.Lanes;

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

    /// <summary>Of a request that was refused.</summary>
    public static int Of(RefusalClass refused) => refused switch
    {
        RefusalClass.BadInput => BadInput,
        RefusalClass.Unauthenticated => PolicyViolation,
        RefusalClass.Forbidden => PolicyViolation,
        RefusalClass.NotFound => BadInput,
        RefusalClass.Gone => BadInput,
        RefusalClass.Conflict => BadInput,
        RefusalClass.Precondition => BadInput,
        RefusalClass.TooLarge => BadInput,
        RefusalClass.Unprocessable => BadInput,
        RefusalClass.Misdirected => BadInput,
        RefusalClass.Policy => PolicyViolation,
        RefusalClass.Budget => Budget,
        RefusalClass.RateLimited => BadInput,
        RefusalClass.Busy => BadInput,
        RefusalClass.Failed => Failed,
        RefusalClass.Upstream => FailClosed,
        RefusalClass.FailClosed => FailClosed,
        _ => throw new InvalidOperationException($"unknown class {refused}"),
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
