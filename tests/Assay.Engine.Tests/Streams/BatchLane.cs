using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Tests.Streams;

/// <summary>Asks for some effects at once and records in a line how each ended.</summary>
internal sealed class BatchLane(IReadOnlyList<Effect> effects) : Lane<BatchState>
{
    /// <summary>What judging an effect does beside recording it.</summary>
    public Action<EffectReport> Judge { get; init; } = static _ => { };

    /// <summary>The files that an event gives rise to.</summary>
    public Func<BatchState, RecordedEvent, IReadOnlyList<MirrorFile>> Files { get; init; } = static (_, _) => [];

    /// <summary>The lines that an event adds to growing files.</summary>
    public Func<BatchState, RecordedEvent, IReadOnlyList<LogLine>> Log { get; init; } = static (_, _) => [];

    /// <summary>Whether it ends, with nothing of what is left, when it is cancelled.</summary>
    public bool EndsWhenCancelled { get; init; }

    public string LaneName { get; init; } = "batch";

    /// <summary>How urgent its streams are.</summary>
    public int Priority { get; init; }

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = EffectEvents.Catalog(new AnswerKinds(BatchJson.Default, ("count", typeof(CountAnswer))))
        .Add("BATCH_DECLARED", static () => BatchJson.Default.BatchDeclared).Add("BATCH_ENDED", static () => BatchJson.Default.BatchEnded).Add("EFFECT_JUDGED", static () => BatchJson.Default.EffectJudged);

    public override BatchState Initial => new([]);

    public override BatchState Evolve(BatchState state, RecordedEvent recorded) =>
        recorded.Body switch
        {
            EffectJudged judged => new BatchState([.. state.Judged, judged]),
            BatchEnded => new BatchState([.. effects.Select(e => new EffectJudged(e.Id, "cancelled"))]),
            _ => state,
        };

    public override Decision Decide(BatchState state, ActiveEffects active, Command command, DateTimeOffset now) =>
        command switch
        {
            DeclareBatch declare => Decision.Accept(new BatchDeclared(effects.Count) { Attached = declare.Documents }),
            Cancel when EndsWhenCancelled => Decision.Accept(new BatchEnded()),
            _ => Decision.Accept(),
        };

    public override Work Next(BatchState state, ActiveEffects active, DateTimeOffset now)
    {
        var open = effects.Where(e => state.Judged.All(j => j.EffectId != e.Id)).ToList();
        return open.Count == 0 ? Work.Finished.Instance : new Work.Perform(open);
    }

    public override int PriorityOf(BatchState state) => Priority;

    public override Effect EffectOf(BatchState state, string effectId) => effects.Single(e => e.Id == effectId);

    public override IReadOnlyList<Event> Record(BatchState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        Judge(report);
        return [new EffectJudged(report.Effect.Id, report is EffectCompleted done ? done.Outcome.ToString() : "lost")];
    }

    public override IReadOnlyList<MirrorFile> Mirror(BatchState state, RecordedEvent recorded) => Files(state, recorded);

    public override IReadOnlyList<LogLine> Lines(BatchState state, RecordedEvent recorded) => Log(state, recorded);
}

internal sealed record BatchState(IReadOnlyList<EffectJudged> Judged);

internal sealed record DeclareBatch(params IReadOnlyList<Blob> Documents) : Command;

internal sealed record BatchDeclared(int Effects) : Event;

internal sealed record BatchEnded : Event;

internal sealed record EffectJudged(string EffectId, string Outcome) : Event;

[JsonSerializable(typeof(BatchDeclared))]
[JsonSerializable(typeof(BatchEnded))]
[JsonSerializable(typeof(EffectJudged))]
[JsonSerializable(typeof(Counted))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(CounterState))]
internal sealed partial class BatchJson : JsonSerializerContext;
