using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Lanes.Shared;

/// <summary>
/// How a process ended: the one judge of it for all lanes, which say in their own words what it means there. Of several that hold, the first in the order of
/// <see cref="ByItself"/> is meant.
/// </summary>
internal abstract record ProcessEnding
{
    private ProcessEnding()
    {
    }

    /// <summary>It could not be started.</summary>
    public sealed record NotStarted(string Why) : ProcessEnding;

    /// <summary>There is no end that could be judged: the engine could not bring it to one, or saw none. It may have run.</summary>
    public sealed record NoEnd(string Why) : ProcessEnding;

    /// <summary>What it was given is not what was declared, so whatever it did counts for nothing.</summary>
    public sealed record ChangedInputs(ImmutableArray<string> Names) : ProcessEnding;

    /// <summary>What it spent is not known.</summary>
    /// <param name="Why">What is wrong with its meter.</param>
    /// <param name="Kill">Why it was ended, which may have been for another cap.</param>
    public sealed record MeterUnreadable(string Why, KillReason? Kill) : ProcessEnding;

    /// <summary>The engine ended it.</summary>
    public sealed record Killed(KillReason Reason) : ProcessEnding;

    /// <summary>A signal ended it that was not the engine's.</summary>
    public sealed record Signalled(int Signal) : ProcessEnding;

    /// <summary>It ended of its own.</summary>
    /// <param name="Code">Its exit code; each lane knows which are good.</param>
    /// <param name="LeftRunRoot">False when its own folder is gone or something else lies there.</param>
    public sealed record Exited(int Code, bool LeftRunRoot) : ProcessEnding;

    /// <summary>How a process ended, and whether what it was given was still what was declared.</summary>
    public static ProcessEnding Of(ProcessOutcome run) => ByItself(run) switch
    {
        (NotStarted or NoEnd) and var ending => ending,
        _ when !run.ChangedInputs.IsDefaultOrEmpty => new ChangedInputs(run.ChangedInputs),
        var ending => ending,
    };

    /// <summary>The cap by which a process that ended by itself most likely failed, as every lane says it; null: unknown.</summary>
    public static string? Guess(ProcessOutcome run) =>
        run.ProbableReason is { } reason ? $"probably {WireName<KillReason>.Of(reason)}" : null;

    /// <summary>How a process ended, whatever became of its inputs; only one that these kept from starting ended by them.</summary>
    public static ProcessEnding ByItself(ProcessOutcome run) => run switch
    {
        { StartError: { } error } => new NotStarted(error),
        { NoEnd: { } problem } => new NoEnd(problem),
        { MeterProblem: { } problem } => new MeterUnreadable(problem, run.KillReason),
        { KillReason: { } reason } => new Killed(reason),
        { Signal: { } signal } => new Signalled(signal),
        { ExitCode: { } code } => new Exited(code, run.RunRootPresent),
        _ => new ChangedInputs(run.ChangedInputs),
    };
}
