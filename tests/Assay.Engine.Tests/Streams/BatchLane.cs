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

    public override string Name => "batch";

    public override EventCatalog Events { get; } = EffectEvents.Catalog(new AnswerKinds(BatchJson.Default, ("count", typeof(CountAnswer))))
        .Add("BATCH_DECLARED", static () => BatchJson.Default.BatchDeclared).Add("EFFECT_JUDGED", static () => BatchJson.Default.EffectJudged);

    public override BatchState Initial => new([]);

    public override BatchState Evolve(BatchState state, RecordedEvent recorded) =>
        recorded.Body is EffectJudged judged ? new BatchState([.. state.Judged, judged]) : state;

    public override Decision Decide(BatchState state, ActiveEffects active, Command command, DateTimeOffset now) =>
        command is DeclareBatch declare ? Decision.Accept(new BatchDeclared(effects.Count) { Attached = declare.Documents }) : Decision.Accept();

    public override Work Next(BatchState state, ActiveEffects active, DateTimeOffset now)
    {
        var open = effects.Where(e => state.Judged.All(j => j.EffectId != e.Id)).ToList();
        return open.Count == 0 ? Work.Finished.Instance : new Work.Perform(open);
    }

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

internal sealed record EffectJudged(string EffectId, string Outcome) : Event;

[JsonSerializable(typeof(BatchDeclared))]
[JsonSerializable(typeof(EffectJudged))]
[JsonSerializable(typeof(Counted))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(CounterState))]
internal sealed partial class BatchJson : JsonSerializerContext;
