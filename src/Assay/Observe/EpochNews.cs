using Assay.Engine.Runner;
using Assay.Engine.Streams;
using Assay.Kernel.Effects;
using Assay.Lanes.Epochs;

namespace Assay.Observe;

/// <summary>What happens in an epoch, as somebody is told who watches it.</summary>
internal abstract record EpochNews
{
    private EpochNews()
    {
    }

    /// <summary>Something of the engine that a person ought to know.</summary>
    public sealed record Trouble(string Text) : EpochNews;

    /// <summary>Work for a crucible begins.</summary>
    /// <param name="CrucibleId">The crucible.</param>
    /// <param name="Work">What work.</param>
    /// <param name="WorkId">Names it, also when it is over.</param>
    /// <param name="Attempt">1 for the first.</param>
    /// <param name="Caps">The caps of its process; null: it is none.</param>
    public sealed record Began(string CrucibleId, CrucibleWork Work, string WorkId, int Attempt, ProcessCaps? Caps) : EpochNews;

    /// <summary>How far the process of a crucible is.</summary>
    public sealed record Progressed(string CrucibleId, ProcessProgress Progress) : EpochNews;

    /// <summary>The epoch has moved on.</summary>
    /// <param name="Epoch">As it stands now.</param>
    /// <param name="Over">The work that is over.</param>
    /// <param name="Ended">The crucibles that ended with it.</param>
    public sealed record Moved(EpochLines Epoch, IReadOnlyList<string> Over, IReadOnlyList<CrucibleLine> Ended) : EpochNews;

    /// <summary>What a notice of the engine tells of an epoch; null: nothing.</summary>
    public static EpochNews? Of(EngineNotice notice) => notice switch
    {
        EngineTrouble trouble => new Trouble(trouble.Text),
        AttemptBegan began when began.Stream.Lane == EpochLane.LaneName => new Began(
            EpochEffects.CrucibleOf(began.Effect.Id), WorkOf(began.Effect.Id), began.Effect.Id, began.Attempt, (began.Effect as RunProcess)?.Caps),
        AttemptProgressed { Effect: RunProcess process, Progress: ProcessProgress progress } =>
            new Progressed(EpochEffects.CrucibleOf(process.Id), progress),
        EventsCommitted { State: EpochState { IsDeclared: true } state } committed => Move(new EpochLines(state), committed),
        _ => null,
    };

    private static Moved Move(EpochLines epoch, EventsCommitted committed)
    {
        var over = committed.Events.Select(e => e.Body).Where(b => b is EffectFinished or EffectInterrupted).Select(b => ((EffectEvent)b).EffectId);
        var ended = committed.Events.Select(e => e.Body).OfType<CrucibleFinished>().Select(f => epoch.Line(f.CrucibleId));
        return new Moved(epoch, [.. over], [.. ended]);
    }

    private static CrucibleWork WorkOf(string effectId) => EpochEffects.Kind(effectId) switch
    {
        EpochEffects.ReplayKind => CrucibleWork.Replay,
        EpochEffects.SalvageKind => CrucibleWork.Salvage,
        _ => CrucibleWork.Run,
    };
}

/// <summary>What is done for a crucible.</summary>
internal enum CrucibleWork
{
    /// <summary>It runs.</summary>
    Run,

    /// <summary>It runs again, to compare.</summary>
    Replay,

    /// <summary>What it left is collected.</summary>
    Salvage,
}
