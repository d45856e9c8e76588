using Assay.Engine.Runner.Sandbox;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;

namespace Assay.Engine.Runner;

/// <summary>One process to run, with every path absolute and every placeholder filled in.</summary>
internal sealed record ProcessStart
{
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The whole environment, as <c>NAME=value</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public required string Folder { get; init; }

    /// <summary>Bytes for standard input; null: /dev/null.</summary>
    public byte[]? Stdin { get; init; }

    public required ProcessCaps Caps { get; init; }

    /// <summary>What it may reach.</summary>
    public required CagePlan Plan { get; init; }

    /// <summary>Is asked at each look why somebody else wants its end, as a gateway to a model does; null: nobody does.</summary>
    public Func<KillReason?> WantedEnd { get; init; } = static () => null;

    /// <summary>What lay in the folders that it may write before.</summary>
    public long DiskBytesBefore { get; init; }

    public CostMeter? Meter { get; init; }

    /// <summary>The folder below which the meter's file lies.</summary>
    public required string MeterFolder { get; init; }

    /// <summary>Where its outcome is recorded, which needs room.</summary>
    public required string RecordFolder { get; init; }

    /// <summary>When the process has to be over at the latest, from now; null: only by its own cap.</summary>
    public TimeSpan? Deadline { get; init; }
}

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Null when a signal ended it.</param>
/// <param name="Signal">The signal that ended it.</param>
/// <param name="Reason">Why we ended it; null when it ended by itself.</param>
/// <param name="DurationMs">From start to end.</param>
/// <param name="CpuMs">User and system time of the whole tree, as far as known.</param>
/// <param name="PeakRssBytes">See <see cref="ProcessOutcome.PeakRssBytes"/>.</param>
/// <param name="Leaked">Processes it left running.</param>
/// <param name="ProcessLimitHits">Forks that the kernel refused.</param>
internal sealed record ProcessEnd(
    int? ExitCode, int? Signal, KillReason? Reason, long DurationMs, long CpuMs, long PeakRssBytes, int Leaked, long ProcessLimitHits)
{
    /// <summary>Null when nothing was metered.</summary>
    public Usd? Cost { get; init; }

    public string? MeterProblem { get; init; }

    /// <summary>See <see cref="ProcessOutcome.ProbableReason"/>.</summary>
    public KillReason? ProbableReason { get; init; }

    /// <summary>What it tried to reach; null: that was not watched.</summary>
    public Egress? Egress { get; init; }

    /// <summary>What went to its model; null: it had none.</summary>
    public GatewayReport? Gateway { get; init; }

    /// <summary>Why the program never ran: nothing before its first instruction counts as its own doing. Null when it ran.</summary>
    public string? StartProblem { get; init; }

    /// <summary>The operating system's number of that problem; null when the start itself was not tried.</summary>
    public int? StartErrno { get; init; }

    public static ProcessEnd NotStarted(string problem, int? errno = null) =>
        new(null, null, null, 0, 0, 0, 0, 0) { StartProblem = problem, StartErrno = errno };
}

/// <summary>How far a running process is, for whoever watches. Not part of the record.</summary>
public sealed record ProcessProgress(TimeSpan Elapsed, long RssBytes, long StdoutBytes, long StderrBytes);

/// <summary>What a running process has printed just now, for whoever watches. Not part of the record.</summary>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Bytes">As they came: they may end in the middle of a line or a character.</param>
public sealed record ProcessOutput(string Stream, ReadOnlyMemory<byte> Bytes);
