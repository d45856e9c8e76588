using System.Text.Json.Serialization;
using Assay.Epochs;
using Assay.Kernel.Effects;
using Assay.Lanes.Epochs;

namespace Assay.Cli.Output;

/// <summary>What came of a command, for a person and for a program.</summary>
internal sealed record TryReport
{
    public required string EpochId { get; init; }

    public required string Record { get; init; }

    public required int ExitCode { get; init; }

    /// <summary>What happened in a word: <c>exit</c>, <c>signal</c>, the cap that ended it, or <c>not started</c>.</summary>
    public required string Verdict { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }

    public required long DurationMs { get; init; }

    public required long PeakRssBytes { get; init; }

    public required int LeakedProcesses { get; init; }

    public required CapsInForce Caps { get; init; }

    public static TryReport Of(EpochRun.Ended ended, ProcessOutcome outcome, int exitCode, TryOptions options) => new()
    {
        EpochId = ended.Summary.EpochId,
        Record = $"epochs/{ended.Summary.EpochId}/{ended.Summary.Runs[0].Record}",
        ExitCode = exitCode,
        Verdict = outcome switch
        {
            { StartError: not null } => "not started",
            { KillReason: { } reason } => $"{EpochWords.Of(reason)} ({Limit(reason, options)})",
            { Signal: { } signal } => $"signal {signal}",
            _ => $"exit {outcome.ExitCode}",
        },
        Problem = outcome.StartError,
        DurationMs = outcome.DurationMs,
        PeakRssBytes = outcome.PeakRssBytes,
        LeakedProcesses = outcome.LeakedProcesses,
        Caps = outcome.Caps,
    };

    /// <summary>One line: verdict, time, memory, and what was enforced by what.</summary>
    public string Line()
    {
        var leaked = LeakedProcesses == 0 ? "" : $" · {LeakedProcesses} left running and ended";
        var problem = Problem is null ? "" : $" ({Words.Safe(Problem)})";
        return $"assay: {Verdict}{problem} · {Words.Duration(DurationMs)} · {Words.Bytes(PeakRssBytes)}{leaked} · {Held()} · {EpochId}";
    }

    private string Held() => Caps.Cage switch
    {
        null => Caps.Isolation,
        { Level: SandboxLevel.None } cage => $"UNCAGED, caps {cage.Caps}",
        var cage => $"{cage.Level.ToString().ToLowerInvariant()}: {cage.Reads}; caps {cage.Caps}; network {cage.Network}",
    };

    private static string Limit(KillReason reason, TryOptions options) => reason switch
    {
        KillReason.Timeout or KillReason.Deadline => Words.Duration(options.TimeMs),
        KillReason.MemoryLimit => Words.Bytes(options.MemoryBytes),
        KillReason.DiskLimit => Words.Bytes(options.DiskBytes),
        KillReason.OutputLimit => Words.Bytes(TryOptions.OutputBytes),
        KillReason.ProcessLimit => $"{TryOptions.Processes} processes",
        _ => "asked for",
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TryReport))]
internal sealed partial class TryReportJson : JsonSerializerContext;
