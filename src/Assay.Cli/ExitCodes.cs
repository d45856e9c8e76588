using Assay.Epochs;
using Assay.Kernel.Lanes;
using Assay.Lanes.Epochs;
using Assay.Lanes.Jobs;
using Assay.Lanes.Tasks;

namespace Assay.Cli;

/// <summary>
/// The exit codes of the command line: the one table from how something stands, and from why it was refused, to a number. A command that
/// shows something exits with what came of it when it has ended, and with 0 while it goes on.
/// </summary>
internal static class ExitCodes
{
    /// <summary>It passed, or was done; or it goes on and has no verdict yet.</summary>
    public const int Done = 0;

    /// <summary>It ran to its end, and its verdict is no; or it was tried, and did not come about.</summary>
    public const int Failed = 1;

    /// <summary>What was given is wrong, names nothing, or does not fit how things stand. Nothing ran, and nothing was made.</summary>
    public const int BadInput = 2;

    /// <summary>Evidence is missing or does not hold, or Assay could not do its part: nothing counts.</summary>
    public const int FailClosed = 3;

    /// <summary>A budget stopped it: money, attempts, or the clock of an epoch.</summary>
    public const int Budget = 4;

    /// <summary>Nothing but a person can bring it on.</summary>
    public const int WaitsForPerson = 5;

    /// <summary>Who asked may not, or what was done is forbidden by a policy.</summary>
    public const int PolicyViolation = 6;

    /// <summary>Somebody ended it.</summary>
    public const int Cancelled = 130;

    /// <summary>All of them, as README lists them.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Done, "passed or done, or it goes on"), (Failed, "ran, verdict is FAIL"),
        (BadInput, "bad input, usage, an unknown id or a preflight block: nothing ran"), (FailClosed, "FAIL_CLOSED"),
        (Budget, "stopped by a budget"), (WaitsForPerson, "waiting for a person"), (PolicyViolation, "policy violation"),
        (Cancelled, "cancelled"),
    ];

    /// <summary>Of <c>assay try</c>, which exits as the command does, and else as <c>timeout</c> and <c>env</c> do.</summary>
    public static class Try
    {
        /// <summary>Its time was over.</summary>
        public const int TimedOut = 124;

        /// <summary>Assay itself could not do its part.</summary>
        public const int OwnFailure = 125;

        public const int NotExecutable = 126;

        public const int NotFound = 127;

        /// <summary>Added to the number of the signal that ended it.</summary>
        public const int SignalBase = 128;

        /// <summary>A cap other than time ended it.</summary>
        public const int KilledByCap = 137;

        /// <summary>Nobody reads its output any more.</summary>
        public const int BrokenPipe = SignalBase + 13;
    }

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

    /// <summary>Of an epoch: its verdict's when it has ended.</summary>
    public static int Of(EpochView epoch) => epoch.Standing is null ? Of(epoch.Summary.EpochVerdict, epoch.EndedBy) : Done;

    /// <summary>Of an epoch that has ended.</summary>
    /// <param name="verdict">Its verdict.</param>
    /// <param name="endedBy">Why it ended early; null: it did not.</param>
    public static int Of(EpochVerdict verdict, EndReason? endedBy) => endedBy switch
    {
        EndReason.Cancelled => Cancelled,
        EndReason.EpochTimeout => Budget,
        _ => verdict switch
        {
            EpochVerdict.Pass or EpochVerdict.Operational or EpochVerdict.Complete => Done,
            EpochVerdict.Fail or EpochVerdict.NotOperational => Failed,
            EpochVerdict.FailClosed => FailClosed,
            _ => throw new InvalidOperationException($"unknown verdict {verdict}"),
        },
    };

    /// <summary>Of an escalation.</summary>
    public static int Of(LadderEnd ladder) => ladder switch
    {
        { Cancelled: true } => Cancelled,
        { Summary.Reached: true } => Done,
        { Summary.Attempts: [.., { Verdict: null or EpochVerdict.FailClosed }] } => FailClosed,
        _ => Failed,
    };

    /// <summary>Of a job, by the words of its state.</summary>
    public static int Of(JobSummary job) => job.State switch
    {
        "DONE" => job.Verdict == "PASS" ? Done : Failed,
        "REJECTED" => Failed,
        "ERROR" => FailClosed,
        "STOPPED_BUDGET" => Budget,
        "WAITING_APPROVAL" => WaitsForPerson,
        "CANCELLED" => Cancelled,
        _ => Done,
    };

    /// <summary>Of a run of tasks: a violated policy says more than a limit of money, and that more than a failure (ruling 20).</summary>
    public static int Of(RunView run)
    {
        if (run.Tasks.Any(t => !t.HasEnded)) return run.Tasks.Any(t => t.WaitsForPerson) ? WaitsForPerson : Done;
        if (run.Tasks.Any(t => t.BrokePolicy)) return PolicyViolation;
        if (run.Tasks.Any(t => t.HitBudget)) return Budget;
        return run.Tasks.All(t => Of(t) == Done) ? Done : Failed;
    }

    /// <summary>Of a task, by the words of its state.</summary>
    public static int Of(TaskSummary task) => task switch
    {
        { WaitsForPerson: true } => WaitsForPerson,
        { BrokePolicy: true, HasEnded: true } => PolicyViolation,
        { HitBudget: true } => Budget,
        { State: "FAILED" or "TIMEOUT" } => Failed,
        { State: "CANCELLED" } => Cancelled,
        _ => Done,
    };
}
