using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Epochs;
using Assay.Host;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Try;

namespace Assay.Cli.Output;

/// <summary>What came of a command that was tried (contract <c>try_report_v1</c>).</summary>
internal sealed record TryReport
{
    public const string Version = "try_report_v1";

    public string SchemaVersion { get; init; } = Version;

    public required string EpochId { get; init; }

    /// <summary>Its run record, relative to the workspace.</summary>
    public required string Record { get; init; }

    /// <summary>What <c>assay try</c> itself exits with.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The command's own exit code; null when it has none.</summary>
    public required int? CommandExitCode { get; init; }

    public required int? Signal { get; init; }

    public required KillReason? KillReason { get; init; }

    /// <summary>The cap by which it most likely failed when it ended by itself; left out where nothing hints at one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required KillReason? ProbableReason { get; init; }

    /// <summary>Why it was not started, or not brought to its end; null when it was.</summary>
    public required string? Problem { get; init; }

    public required long DurationMs { get; init; }

    public required long PeakRssBytes { get; init; }

    /// <summary>Processes that it left running, which were ended with it.</summary>
    public required int LeakedProcesses { get; init; }

    /// <summary>How often it was kept from starting one more process.</summary>
    public required long ProcessLimitHits { get; init; }

    /// <summary>What it tried to reach; null where its network was not watched.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required ImmutableArray<EgressAttempt>? Egress { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required long? EgressUnlisted { get; init; }

    public required CapsInForce Caps { get; init; }

    public static TryReport Of(EpochEnd ended, ProcessOutcome outcome, int exitCode) => new()
    {
        EpochId = ended.Summary.EpochId,
        Record = $"epochs/{ended.Summary.EpochId}/{ended.Summary.Runs[0].Record}",
        ExitCode = exitCode,
        CommandExitCode = outcome.ExitCode,
        Signal = outcome.Signal,
        KillReason = outcome.KillReason,
        ProbableReason = outcome.ProbableReason,
        Problem = outcome.NoEnd,
        DurationMs = outcome.DurationMs,
        PeakRssBytes = outcome.PeakRssBytes,
        LeakedProcesses = outcome.LeakedProcesses,
        ProcessLimitHits = outcome.ProcessLimitHits,
        Egress = outcome.Egress?.Attempts,
        EgressUnlisted = outcome.Egress?.Unlisted,
        Caps = outcome.Caps,
    };

    /// <summary>One line: verdict, time, memory, what was enforced by what, and where the record lies.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="isUnread">Whether it was ended since nobody read its output any more.</param>
    /// <param name="record">The record's path, as a person in the current folder would write it.</param>
    public string Line(TryOptions options, bool isUnread, string record)
    {
        var leaked = LeakedProcesses == 0 ? "" : $" · {LeakedProcesses} left running and ended";
        var refused = ProcessLimitHits == 0 ? "" : $" · refused to fork {ProcessLimitHits} times ({options.Processes} processes)";
        return $"assay: {(isUnread ? "ended since nobody reads its output" : Verdict(options))} · {Shown.Duration(DurationMs)} · {Memory()}{refused}{leaked} · {Held()}{EgressWords.Of(Egress, EgressUnlisted)} · {record}";
    }

    private string Verdict(TryOptions options) => this switch
    {
        { Problem: { } problem } => $"not started ({Words.Safe(problem)})",
        { KillReason: { } reason } => $"{WireName<KillReason>.Of(reason)} ({Limit(reason, options)})",
        { Signal: { } signal } => $"signal {signal}{Guess()}",
        _ => $"exit {CommandExitCode}{Guess()}",
    };

    private string Guess() => ProbableReason is { } reason ? $" (probably {WireName<KillReason>.Of(reason)})" : "";

    private string Memory() => PeakRssBytes == 0 ? "memory not measured" : Shown.Bytes(PeakRssBytes);

    private string Held() => Caps.Cage switch
    {
        null => Caps.Isolation,
        { Level: SandboxLevel.None } cage => $"UNCAGED; caps {By(cage.Caps)}",
        { } cage => $"{WireName<SandboxLevel>.Of(cage.Level)}: {By(cage.Reads)}{NotHeld(cage)}; caps {By(cage.Caps)}; {Network(cage)}",
    };

    /// <summary>What is open although it is caged, once and in a word.</summary>
    private static string NotHeld(CageInForce cage) => string.Concat(
        cage.Writes.Held == Holding.ContentsOnly ? ", modes and times open" : "", cage.Others.Held == Holding.SignalsOpen ? ", signals open" : "");

    private string Network(CageInForce cage) => cage.Network.Held == Holding.None
        ? "network open"
        : $"{(Egress is null ? "no network" : "network by name")} ({By(cage.Network)})";

    private static string By(Promise promise) => $"{string.Join(", ", promise.By)}{(promise.Held == Holding.Polled ? " (polled)" : "")}";

    private static string Limit(KillReason reason, TryOptions options) => reason switch
    {
        Kernel.Effects.KillReason.Timeout or Kernel.Effects.KillReason.Deadline => Shown.Duration(options.TimeMs),
        Kernel.Effects.KillReason.MemoryLimit => Shown.Bytes(options.MemoryBytes),
        Kernel.Effects.KillReason.DiskLimit => Shown.Bytes(options.DiskBytes),
        Kernel.Effects.KillReason.NetworkLimit => Shown.Bytes(options.NetworkBytes!.Value),
        Kernel.Effects.KillReason.OutputLimit => Shown.Bytes(TryOptions.OutputBytes),
        Kernel.Effects.KillReason.ProcessLimit => $"{options.Processes} processes",
        Kernel.Effects.KillReason.CaptureFailed => "what it left or printed cannot be kept: look at the disk",
        _ => "asked for",
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TryReport))]
internal sealed partial class TryReportJson : JsonSerializerContext
{
    /// <summary>Without escapes that only HTML would need.</summary>
    public static TryReportJson Shared => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
