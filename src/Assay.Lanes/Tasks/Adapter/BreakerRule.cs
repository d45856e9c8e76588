using System.Text.Json.Serialization;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>Where a circuit breaker stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Circuit>))]
internal enum Circuit
{
    /// <summary>Everybody may call. To OPEN after so many failures in a row.</summary>
    [JsonStringEnumMemberName("CLOSED")]
    Closed,

    /// <summary>Nobody may call. To HALF_OPEN when its time is over and somebody asks.</summary>
    [JsonStringEnumMemberName("OPEN")]
    Open,

    /// <summary>One may call, as a probe. To CLOSED after so many probes that went well, to OPEN after one that did not.</summary>
    [JsonStringEnumMemberName("HALF_OPEN")]
    HalfOpen,
}

/// <summary>What an attempt says of its adapter.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdapterReport>))]
internal enum AdapterReport
{
    [JsonStringEnumMemberName("WORKED")]
    Worked,

    [JsonStringEnumMemberName("FAILED")]
    Failed,

    /// <summary>Nothing: it was ended by us, or its outcome is not known.</summary>
    [JsonStringEnumMemberName("UNKNOWN")]
    Unknown,
}

/// <summary>A breaker, folded from its events.</summary>
internal sealed record BreakerState
{
    public static readonly BreakerState Initial = new();

    public Circuit Circuit { get; init; }

    /// <summary>Failures in a row while it was closed.</summary>
    public int Failures { get; init; }

    /// <summary>Since when it has not been closed.</summary>
    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? OpenUntil { get; init; }

    /// <summary>Whose call opened it when it was closed: probes that fail later are of the same outage.</summary>
    public string? OpenedBy { get; init; }

    /// <summary>Whose call the probe is.</summary>
    public string? Probe { get; init; }

    /// <summary>When a probe that nobody reports on is given up.</summary>
    public DateTimeOffset? ProbeUntil { get; init; }

    /// <summary>Probes that went well since it was half open.</summary>
    public int Successes { get; init; }

    public BreakerState Evolve(RecordedEvent recorded) => recorded.Body switch
    {
        CircuitCounted counted => this with { Failures = counted.Failures },
        CircuitOpened opened => Initial with
        {
            Circuit = Circuit.Open,
            Failures = opened.Failures,
            Since = Since ?? recorded.At,
            OpenUntil = opened.Until,
            OpenedBy = Since is null ? opened.Ticket : OpenedBy,
        },
        CircuitHalfOpened => this with { Circuit = Circuit.HalfOpen, OpenUntil = null, Probe = null, Successes = 0 },
        ProbeGranted granted => this with { Probe = granted.Ticket, ProbeUntil = granted.Until },
        ProbeReported reported => this with { Probe = null, ProbeUntil = null, Successes = Successes + (reported.Report == AdapterReport.Worked ? 1 : 0) },
        CircuitClosed => Initial,
        _ => this,
    };
}

/// <summary>Failures in a row are so many now.</summary>
internal sealed record CircuitCounted(int Failures) : Event;

internal sealed record CircuitOpened(int Failures, DateTimeOffset Until, string Ticket) : Event;

internal sealed record CircuitHalfOpened : Event;

/// <summary>One call is let through to see whether the adapter works again.</summary>
internal sealed record ProbeGranted(string Ticket, DateTimeOffset Until) : Event;

/// <summary>The probe's call has ended without settling where the breaker stands.</summary>
internal sealed record ProbeReported(string Ticket, AdapterReport Report) : Event;

internal sealed record CircuitClosed : Event;

/// <summary>
/// The circuit breaker as a pure state machine (seed 001: CLOSED, OPEN, HALF_OPEN). It lives on its adapter's stream, so it outlives restarts and is shared by
/// all workers, and of many that ask at once one is the probe.
/// </summary>
internal static class BreakerRule
{
    /// <summary>What follows from asking for permission to call.</summary>
    public static IReadOnlyList<Event> Ask(BreakerState state, string ticket, DateTimeOffset until, DateTimeOffset now) => state.Circuit switch
    {
        Circuit.Open when state.OpenUntil <= now => [new CircuitHalfOpened(), new ProbeGranted(ticket, until)],
        Circuit.HalfOpen when state.Probe is null || state.ProbeUntil <= now => [new ProbeGranted(ticket, until)],
        _ => [],
    };

    /// <summary>Whether the holder of a ticket may call.</summary>
    public static bool MayCall(BreakerState state, string ticket) => state.Circuit == Circuit.Closed || (state.Circuit == Circuit.HalfOpen && state.Probe == ticket);

    /// <summary>What follows from how a call ended. Calls that were under way when the breaker opened change nothing any more.</summary>
    public static IReadOnlyList<Event> Report(BreakerState state, BreakerSettings settings, string ticket, AdapterReport report, DateTimeOffset now)
    {
        var open = now + TimeSpan.FromMilliseconds(settings.OpenMs);
        switch (state.Circuit)
        {
            case Circuit.Closed when report == AdapterReport.Failed:
                var failures = state.Failures + 1;
                return failures >= settings.FailureThreshold ? [new CircuitOpened(failures, open, ticket)] : [new CircuitCounted(failures)];
            case Circuit.Closed when report == AdapterReport.Worked && state.Failures > 0:
                return [new CircuitCounted(0)];
            case Circuit.HalfOpen when state.Probe == ticket && report == AdapterReport.Failed:
                return [new CircuitOpened(state.Failures, open, ticket)];
            case Circuit.HalfOpen when state.Probe == ticket && report == AdapterReport.Worked && state.Successes + 1 >= settings.HalfOpenSuccesses:
                return [new CircuitClosed()];
            case Circuit.HalfOpen when state.Probe == ticket:
                return [new ProbeReported(ticket, report)];
            default:
                return [];
        }
    }
}
