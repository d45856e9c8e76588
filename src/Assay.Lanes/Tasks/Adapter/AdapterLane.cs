using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>Says what the adapter is. The same again changes nothing.</summary>
internal sealed record ConfigureAdapter(AdapterSpec Adapter) : Command;

/// <summary>Asks whether a call may be made.</summary>
/// <param name="Ticket">Names the call.</param>
/// <param name="MaxMs">How long it may take; a probe that nobody reports on is given up after that.</param>
internal sealed record AskPermit(string Ticket, long MaxMs) : Command;

/// <summary>Says how a call ended.</summary>
internal sealed record ReportCall(string Ticket, AdapterReport Report) : Command;

/// <summary>Asks for a health check now.</summary>
internal sealed record RequestCheck : Command;

internal sealed record AdapterConfigured(AdapterSpec Adapter) : Event;

internal sealed record HealthChanged(bool Healthy, string? Reason) : Event;

internal sealed record CheckRequested : Event;

/// <summary>An adapter, folded from its events.</summary>
internal sealed record AdapterState
{
    public static readonly AdapterState Initial = new();

    public AdapterSpec? Spec { get; init; }

    public BreakerState Breaker { get; init; } = BreakerState.Initial;

    /// <summary>Null: never checked.</summary>
    public bool? Healthy { get; init; }

    public string? HealthReason { get; init; }

    public DateTimeOffset? CheckedAt { get; init; }

    public bool CheckIsWanted { get; init; }

    public int Checks { get; init; }

    /// <summary>Whether its last check failed, and there can be another one.</summary>
    [JsonIgnore]
    public bool IsUnwell => Healthy == false && Spec is ({ HealthCheck: not null } or { Agent: not null });

    /// <summary>Health checks whose folder has not been removed.</summary>
    public ImmutableArray<string> Leftovers { get; init; } = [];
}

/// <summary>
/// An adapter of tasks: its circuit breaker and its health, shared by all runs and workers of a workspace and remembered over restarts
/// (lane document: Tasks, Resilience).
/// </summary>
internal sealed class AdapterLane : Lane<AdapterState>
{
    public const string LaneName = "adapter";

    public static readonly AdapterLane Instance = new();

    private const string CheckPrefix = "check/";
    private const string AgentPrefix = "agent/";
    private const string CleanEffect = "clean";

    public static StreamName StreamOf(string adapterId) => StreamName.Of(LaneName, adapterId);

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = EffectEvents.Catalog()
        .Add("ADAPTER_CONFIGURED", static () => TaskJson.Default.AdapterConfigured)
        .Add("CIRCUIT_COUNTED", static () => TaskJson.Default.CircuitCounted)
        .Add("CIRCUIT_OPENED", static () => TaskJson.Default.CircuitOpened)
        .Add("CIRCUIT_HALF_OPENED", static () => TaskJson.Default.CircuitHalfOpened)
        .Add("PROBE_GRANTED", static () => TaskJson.Default.ProbeGranted)
        .Add("PROBE_REPORTED", static () => TaskJson.Default.ProbeReported)
        .Add("CIRCUIT_CLOSED", static () => TaskJson.Default.CircuitClosed)
        .Add("HEALTH_CHANGED", static () => TaskJson.Default.HealthChanged)
        .Add("CHECK_REQUESTED", static () => TaskJson.Default.CheckRequested);

    public override IReadOnlyList<LaneTable> Tables => [AdapterTables.Adapters];

    public override AdapterState Initial => AdapterState.Initial;

    public override JsonTypeInfo<AdapterState> StateType => TaskStateJson.Default.AdapterState;

    public override AdapterState Evolve(AdapterState state, RecordedEvent recorded) => recorded.Body switch
    {
        AdapterConfigured configured => state with { Spec = configured.Adapter },
        HealthChanged changed => state with { Healthy = changed.Healthy, HealthReason = changed.Reason },
        CheckRequested => state with { CheckIsWanted = true },
        EffectStarted { EffectId: var id } when id != CleanEffect => state with { CheckIsWanted = false },
        EffectFinished { EffectId: CleanEffect } => state with { Leftovers = [] },
        EffectEvent { EffectId: var id } and not EffectStarted when id != CleanEffect =>
            state with { CheckedAt = recorded.At, Checks = state.Checks + 1, Leftovers = state.Leftovers.Add(Folder(state)) },
        _ => state with { Breaker = state.Breaker.Evolve(recorded) },
    };

    public override Decision Decide(AdapterState state, ActiveEffects active, Command command, DateTimeOffset now) => command switch
    {
        ConfigureAdapter configure => Same(state.Spec, configure.Adapter) ? Decision.Accept() : Decision.Accept(new AdapterConfigured(configure.Adapter)),
        Cancel or WakeUp => Decision.Accept(),
        _ when state.Spec is null => Decision.Refuse(TaskRefusals.UnknownAdapter, "no run has named such an adapter yet"),
        AskPermit ask => Decision.Accept(state.IsUnwell ? [] : BreakerRule.Ask(state.Breaker, ask.Ticket, now + TimeSpan.FromMilliseconds(ask.MaxMs), now)),
        ReportCall report => Decision.Accept(BreakerRule.Report(state.Breaker, state.Spec.CircuitBreaker, report.Ticket, report.Report, now)),
        RequestCheck when state.Spec is { HealthCheck: null, Agent: null } =>
            Decision.Refuse(TaskRefusals.NoHealthCheck, $"{state.Spec.AdapterId} declares no health_check"),
        RequestCheck => Decision.Accept(new CheckRequested()),
        _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"an adapter knows no {command.GetType().Name}"),
    };

    public override StreamAnswer Answer(AdapterState state, Command command) => command switch
    {
        AskPermit ask => Permit(state, ask.Ticket),
        ReportCall report => new ReportAnswer(state.Breaker is { Circuit: Circuit.Open, OpenedBy: { } by } && by == report.Ticket)
        {
            Closed = state is { Breaker.Circuit: Circuit.Closed, IsUnwell: false },
        },
        _ => AcceptedAnswer.Instance,
    };

    public override Work Next(AdapterState state, ActiveEffects active, DateTimeOffset now)
    {
        if (state.Leftovers.Length > 0) return new Work.Perform([new RemoveFolders(CleanEffect) { Folders = state.Leftovers }]);
        if (state is { CheckIsWanted: true, Spec.Agent: not null }) return new Work.Perform([AgentCheck.Of(state.Spec, AgentPrefix, state.Checks + 1)]);
        if (state.Spec?.HealthCheck is not { } check) return new Work.Wait("a call");
        var due = state.CheckIsWanted || state.CheckedAt is null ? now : state.CheckedAt.Value + TimeSpan.FromMilliseconds(check.IntervalMs);
        return due <= now ? new Work.Perform([Check(state)]) : new Work.Wait("the next health check", due);
    }

    public override Effect EffectOf(AdapterState state, string effectId) => effectId switch
    {
        CleanEffect => new RemoveFolders(CleanEffect) { Folders = state.Leftovers },
        _ when effectId.StartsWith(AgentPrefix, StringComparison.Ordinal) => AgentCheck.Of(state.Spec!, AgentPrefix, state.Checks + 1),
        _ => Check(state),
    };

    public override IReadOnlyList<Event> Record(AdapterState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        if (report is not EffectCompleted done || report.Effect.Id == CleanEffect) return [];
        var problem = done.Outcome switch
        {
            ProcessOutcome { KillReason: KillReason.Cancelled } or HttpOutcome { Cancelled: true } => state.HealthReason,
            ProcessOutcome run when report.Effect.Id.StartsWith(AgentPrefix, StringComparison.Ordinal) => AgentCheck.Problem(run, done.Evidence),
            ProcessOutcome run => AttemptRule.ProcessProblem(run, [0]),
            HttpOutcome { Status: >= 200 and < 300 } => null,
            HttpOutcome http => http.Problem ?? $"answered {http.Status}",
            var other => throw new InvalidOperationException($"a health check ends with no {other}"),
        };
        var healthy = problem is null;
        return state.Healthy == healthy ? [] : [new HealthChanged(healthy, problem is null ? null : BoundedText.Cut(problem, 500))];
    }

    public override IReadOnlyList<LaneRow> Rows(AdapterState state, RecordedEvent recorded) => AdapterTables.Rows(state, recorded);

    private static PermitAnswer Permit(AdapterState state, string ticket)
    {
        var breaker = state.Breaker;
        if (state.IsUnwell)
        {
            return state.Spec?.HealthCheck is { } check
                ? new PermitAnswer(PermitStatus.Unhealthy, state.HealthReason, breaker.Since, state.CheckedAt + TimeSpan.FromMilliseconds(check.IntervalMs))
                : new PermitAnswer(PermitStatus.Unhealthy, $"{state.HealthReason}; assay adapter check says when it is well again", breaker.Since, null);
        }

        return BreakerRule.MayCall(breaker, ticket)
            ? new PermitAnswer(PermitStatus.Allowed, null, breaker.Since, null)
            : new PermitAnswer(PermitStatus.Open, "its circuit breaker is open", breaker.Since, breaker.OpenUntil);
    }

    private static bool Same(AdapterSpec? known, AdapterSpec declared) => known is not null && TaskIdentity.Of(known) == TaskIdentity.Of(declared);

    private static string Folder(AdapterState state) => TaskPaths.Check(state.Spec!.AdapterId, state.Checks + 1);

    private static Effect Check(AdapterState state)
    {
        var (spec, check, folder) = (state.Spec!, state.Spec!.HealthCheck!, Folder(state));
        var id = $"{CheckPrefix}{state.Checks + 1}";
        if (check.Url is { } url) return new CallHttp(id) { Method = "GET", Url = url, Headers = spec.Headers, TimeoutMs = check.TimeoutMs, ResponseFile = $"{folder}/answer", Repeatable = true };
        return new RunProcess(id)
        {
            Command = check.Command,
            Environment = ImmutableSortedDictionary<string, string>.Empty,
            Inherit = [.. ChildEnvironment.Always, .. spec.Inherit],
            RunRoot = $"{folder}/root",
            StdoutFile = $"{folder}/stdout",
            StderrFile = $"{folder}/stderr",
            Caps = new ProcessCaps { TimeMs = check.TimeoutMs, KillMs = check.TimeoutMs + 500, StdoutBytes = 1 << 16, StderrBytes = 1 << 16, Processes = 64 },
            Pinned = spec.Pinned,
            Readable = [.. spec.Pinned.Select(p => p.Path), .. Grants.Readable(spec.Grants, check.Command[0])],
            Hidden = Grants.Hidden(spec.Grants),
            Network = spec.Model?.Reach(spec.Grants) ?? Grants.Reach(spec.Grants),
            Sandbox = spec.Sandbox,
            IsBeside = true,
        };
    }
}
