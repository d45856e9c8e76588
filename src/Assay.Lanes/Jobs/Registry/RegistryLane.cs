using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Jobs;

/// <summary>What is to be logged of a run that was judged.</summary>
internal sealed record TrialRequest
{
    public required string JobId { get; init; }

    public required string RunId { get; init; }

    public required string Title { get; init; }

    public required string SnapshotId { get; init; }

    public required string PolicyBundleId { get; init; }

    /// <summary>The digest of the bundle; null in what was recorded before it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Digest? PolicyBundleSha256 { get; init; }

    public required bool Passed { get; init; }

    public required int GatesPassed { get; init; }

    public required int GatesFailed { get; init; }

    public required Digest GateResultsSha256 { get; init; }

    /// <summary>Of the manifest without hold-outs; what an earlier build recorded is over the whole one.</summary>
    public required Digest ManifestSha256 { get; init; }

    /// <summary>The card, which only a run that passed has.</summary>
    public Digest? CardSha256 { get; init; }

    public long CardBytes { get; init; }

    /// <summary>The card's id: the beginning of its digest.</summary>
    public string? CardId => Passed && CardSha256 is { } card ? JobIdentity.Short(card) : null;
}

/// <summary>Logs a trial. A job has one: asking again changes nothing.</summary>
internal sealed record LogTrial(TrialRequest Trial) : Command;

/// <summary>A line of the trial log, and the card of a run that passed.</summary>
internal sealed record TrialLogged(long Trial, TrialRequest Request) : Event;

/// <summary>The registry, folded from its events.</summary>
internal sealed record RegistryState
{
    public static readonly RegistryState Initial = new();

    /// <summary>By job.</summary>
    [JsonConverter(typeof(OrdinalMap<TrialLogged>))]
    public ImmutableSortedDictionary<string, TrialLogged> Trials { get; init; } =
        ImmutableSortedDictionary.Create<string, TrialLogged>(StringComparer.Ordinal);
}

/// <summary>
/// The registry of a workspace: a line for every run that was judged, whatever its gates said, and a card for those that passed.
/// </summary>
internal sealed class RegistryLane : Lane<RegistryState>
{
    public const string LaneName = "registry";

    public static readonly RegistryLane Instance = new();

    /// <summary>There is one.</summary>
    public static readonly StreamName Stream = StreamName.Of(LaneName, "trials");

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = EffectEvents.Catalog().Add("TRIAL_LOGGED", static () => JobJson.Default.TrialLogged);

    public override IReadOnlyList<LaneTable> Tables => [RegistryTables.Trials];

    public override RegistryState Initial => RegistryState.Initial;

    public override JsonTypeInfo<RegistryState> StateType => RegistryStateJson.Default.RegistryState;

    public override RegistryState Evolve(RegistryState state, RecordedEvent recorded) => recorded.Body is TrialLogged logged
        ? state with { Trials = state.Trials.Add(logged.Request.JobId, logged) }
        : throw new InvalidOperationException($"a registry records no {recorded.Body.GetType().Name}");

    public override Decision Decide(RegistryState state, ActiveEffects active, Command command, DateTimeOffset now) => command switch
    {
        LogTrial log when state.Trials.ContainsKey(log.Trial.JobId) => Decision.Accept(),
        LogTrial log => Decision.Accept(new TrialLogged(state.Trials.Count + 1, log.Trial)),
        Cancel or WakeUp => Decision.Accept(),
        _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"a registry knows no {command.GetType().Name}"),
    };

    public override StreamAnswer Answer(RegistryState state, Command command) =>
        command is LogTrial log ? new TrialAnswer(state.Trials[log.Trial.JobId].Trial) : AcceptedAnswer.Instance;

    public override Work Next(RegistryState state, ActiveEffects active, DateTimeOffset now) => new Work.Wait("a trial");

    public override Effect EffectOf(RegistryState state, string effectId) => throw new InvalidOperationException("a registry asks for no effect");

    public override IReadOnlyList<Event> Record(RegistryState state, ActiveEffects active, EffectReport report, DateTimeOffset now) =>
        throw new InvalidOperationException("a registry asks for no effect");

    public override IReadOnlyList<MirrorFile> Mirror(RegistryState state, RecordedEvent recorded) =>
        ((TrialLogged)recorded.Body).Request is { CardId: { } id, CardSha256: { } card } request
            ? [new BlobFile(null, JobPaths.Card(id), request.CardBytes, card)]
            : [];

    public override IReadOnlyList<LaneRow> Rows(RegistryState state, RecordedEvent recorded) =>
        [RegistryTables.Row((TrialLogged)recorded.Body, recorded.At)];

    public override IReadOnlyList<LogLine> Lines(RegistryState state, RecordedEvent recorded) =>
        [new LogLine(null, JobPaths.TrialLog, TrialLine.Of((TrialLogged)recorded.Body, recorded.At))];

    public override IReadOnlyList<LogLine> LinesOfFormat1(RegistryState state, RecordedEvent recorded) =>
        [new LogLine(null, JobPaths.TrialLog, TrialLineOfFormat1.Of((TrialLogged)recorded.Body, recorded.At))];
}

/// <summary>How a registry's state is kept. Nobody but the very build that wrote one reads it.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RegistryState))]
[JsonSerializable(typeof(TrialLogged))]
internal sealed partial class RegistryStateJson : JsonSerializerContext;
