using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>Brings a new epoch into being.</summary>
internal sealed record DeclareEpoch(EpochDeclared Epoch, ImmutableArray<CrucibleDeclared> Crucibles) : Command;

/// <summary>Lets an interrupted or cancelled epoch go on, if plan and crucibles are still what they were.</summary>
internal sealed record ResumeEpoch(EpochDeclared Epoch, ImmutableArray<CrucibleDeclared> Crucibles) : Command;

/// <summary>An engine is about to work on the epoch.</summary>
internal sealed record TakeUpEpoch : Command;

/// <summary>Epochs: capped trials in order, each leaving evidence, and a verdict (lane document: Epochs).</summary>
internal sealed class EpochLane : Lane<EpochState>
{
    public const string LaneName = "epoch";

    public static readonly EpochLane Instance = new();

    /// <summary>What is not worth an event.</summary>
    private static readonly TimeSpan LeastRest = TimeSpan.FromSeconds(1);

    public static StreamName StreamOf(string epochId) => StreamName.Of(LaneName, epochId);

    public override string Name => LaneName;

    public override EventCatalog Events { get; } = EffectEvents.Catalog()
        .Add("EPOCH_DECLARED", static () => EpochJson.Default.EpochDeclared)
        .Add("CRUCIBLE_DECLARED", static () => EpochJson.Default.CrucibleDeclared)
        .Add("REPLAY_REQUIRED", static () => EpochJson.Default.ReplayRequired)
        .Add("CRUCIBLE_COVERED", static () => EpochJson.Default.CrucibleCovered)
        .Add("CRUCIBLE_FINISHED", static () => EpochJson.Default.CrucibleFinished)
        .Add("CRUCIBLE_SALVAGED", static () => EpochJson.Default.CrucibleSalvaged)
        .Add("EPOCH_RESUMED", static () => EpochJson.Default.EpochResumed)
        .Add("EPOCH_TAKEN_UP", static () => EpochJson.Default.EpochTakenUp)
        .Add("EPOCH_CANCEL_REQUESTED", static () => EpochJson.Default.EpochCancelRequested)
        .Add("EPOCH_FINISHED", static () => EpochJson.Default.EpochFinished);

    public override IReadOnlyList<LaneTable> Tables => EpochTables.All;

    public override EpochState Initial => EpochState.Initial;

    public override JsonTypeInfo<EpochState> StateType => EpochStateJson.Default.EpochState;

    public override EpochState Evolve(EpochState state, RecordedEvent recorded) => state.Evolve(recorded);

    public override Decision Decide(EpochState state, ActiveEffects active, Command command, DateTimeOffset now) =>
        (state.Phase, command) switch
        {
            (EpochPhase.None, DeclareEpoch declare) => Decision.Accept([declare.Epoch, .. declare.Crucibles]),
            (_, DeclareEpoch) => Decision.Refuse(EpochRefusals.EpochExists, $"the epoch {state.Declared.EpochId} exists already"),
            (EpochPhase.None, _) => Decision.Refuse(EpochRefusals.NoEpoch, "there is no such epoch"),
            (_, ResumeEpoch { Epoch.LadderId: var ladder }) when !state.Declared.IsOf(ladder) =>
                Decision.Refuse(EpochRefusals.PlanChanged, Foreign(state.Declared, ladder)),
            (EpochPhase.Finished, ResumeEpoch) when state.Finished!.Reason != EndReason.Cancelled => Decision.Accept(),
            (_, ResumeEpoch resume) => Changed(state, resume) is { } changed
                ? Decision.Refuse(
                    EpochRefusals.PlanChanged,
                    $"{changed} has changed since the epoch was declared: run it as a new epoch, without --resume")
                : Decision.Accept(new EpochResumed()),
            (EpochPhase.Running, TakeUpEpoch) when now - state.LastAt > LeastRest => Decision.Accept(new EpochTakenUp()),
            (_, TakeUpEpoch) => Decision.Accept(),
            (EpochPhase.Running, Cancel cancel) => Decision.Accept(
                [new EpochCancelRequested(cancel.By), .. active.Count == 0 ? Finish(state, EndReason.Cancelled) : []]),
            (EpochPhase.Cancelling or EpochPhase.Finished, Cancel) => Decision.Accept(),
            (EpochPhase.Running or EpochPhase.Cancelling, WakeUp) when active.Count == 0 && Ending(state, now) is { } ending =>
                Decision.Accept([.. Finish(state, ending.Reason)]),
            (_, WakeUp) => Decision.Accept(),
            _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"an epoch knows no {command.GetType().Name}"),
        };

    public override Work Next(EpochState state, ActiveEffects active, DateTimeOffset now) => state.Phase switch
    {
        EpochPhase.Running when active.Count == 0 && Ending(state, now) is not null => new Work.Wait("its verdict", now),
        EpochPhase.Running when StopReason(state, now) is null => new Work.Perform(Open(state)),
        EpochPhase.Running when state.Declared.Mode == EpochMode.Salvage && ToSalvage(state).Any() => new Work.Perform(ToSalvage(state)),
        EpochPhase.Running or EpochPhase.Cancelling => new Work.Wait("what is under way", active.Count == 0 ? now : null),
        EpochPhase.Finished => Work.Finished.Instance,
        EpochPhase.None => new Work.Wait("a plan"),
        var phase => throw new InvalidOperationException($"unknown phase {phase}"),
    };

    public override Effect EffectOf(EpochState state, string effectId) => EpochEffects.Find(state, effectId);

    public override IReadOnlyList<Event> Record(EpochState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        var crucible = state.Crucibles[state.IndexOf(EpochEffects.CrucibleOf(report.Effect.Id))];
        List<Event> events = report switch
        {
            EffectCompleted { Outcome: ProcessOutcome run } done => OnRun(state, crucible, done, run),
            EffectCompleted { Outcome: FilesOutcome files } => [SalvageRule.Judge(crucible, files)],
            EffectLost lost => OnLost(state, crucible, lost),
            _ => throw new InvalidOperationException($"an epoch asks for no effect with {report}"),
        };
        var after = events.Aggregate(state, (s, e) => s.Evolve(new RecordedEvent(0, now, e)));
        if (active.Count == 0 && Ending(after, now) is { } ending) events.AddRange(Finish(after, ending.Reason));
        return events;
    }

    public override IReadOnlyList<MirrorFile> Mirror(EpochState state, RecordedEvent recorded) => EpochFiles.Of(state, recorded);

    public override IReadOnlyList<LaneRow> Rows(EpochState state, RecordedEvent recorded) => EpochTables.Rows(state, recorded);

    private static List<Event> OnRun(EpochState state, CrucibleState crucible, EffectCompleted done, ProcessOutcome run)
    {
        var declared = crucible.Declared;
        var judgement = CrucibleJudge.Judge(state.Declared, declared, run, done.Evidence);
        var isReplay = EpochEffects.Kind(done.Effect.Id) == EpochEffects.ReplayKind;
        if (!isReplay && judgement.Outcome == CrucibleOutcome.Pass && declared.Crucible.Expect.ReplayVerification == ReplayVerification.RequiredPass)
        {
            return [new ReplayRequired(declared.CrucibleId, judgement.Notes)];
        }

        var notes = judgement.Notes;
        var outcome = judgement.Outcome;
        if (isReplay && run.NoEnd is null && !CrucibleJudge.SameRun(crucible.Run!, run))
        {
            outcome = CrucibleOutcome.FailClosed;
            notes = notes.Insert(0, "replay_mismatch");
        }

        var fromLedger = state.Declared.Template == RunnerTemplate.ExitCodeV1;
        List<Event> events = [];
        if (!fromLedger && judgement.Coverage is { } coverage) events.AddRange(CoverageRule.Split(declared.CrucibleId, coverage.Observed));
        events.Add(new CrucibleFinished(declared.CrucibleId, outcome, notes, judgement.EvidenceMissing, fromLedger ? judgement.Coverage : null));
        return events;
    }

    /// <summary>An attempt whose outcome is not known is repeated only if that does no harm.</summary>
    private static List<Event> OnLost(EpochState state, CrucibleState crucible, EffectLost lost)
    {
        if (EpochEffects.Kind(lost.Effect.Id) == EpochEffects.SalvageKind) return [];
        if (crucible.Declared.Crucible.RetrySafe && state.Phase == EpochPhase.Running) return [];
        return [new CrucibleFinished(crucible.Declared.CrucibleId, CrucibleOutcome.FailClosed, [$"interrupted:{lost.Reason}"], EvidenceMissing: false, Coverage: null)];
    }

    private static IEnumerable<Effect> Open(EpochState state)
    {
        for (var i = state.FirstOpen; i < state.Crucibles.Length; i++)
        {
            var crucible = state.Crucibles[i];
            if (crucible.Result is null) yield return EpochEffects.Run(state, crucible.Declared, crucible.NeedsReplay ? EpochEffects.ReplayKind : EpochEffects.RunKind);
        }

        // In salvage mode what has failed is collected when all have run.
        if (state.Declared.Mode != EpochMode.Salvage || state.Done < state.Crucibles.Length) yield break;
        foreach (var effect in ToSalvage(state)) yield return effect;
    }

    private static IEnumerable<Effect> ToSalvage(EpochState state) => state.Crucibles
        .Where(c => c.Salvaged is null && c.Result?.Outcome == CrucibleOutcome.FailClosed)
        .Select(c => EpochEffects.Salvage(state, c));

    /// <summary>Why no further crucible may start, or null.</summary>
    private static EndReason? StopReason(EpochState state, DateTimeOffset now)
    {
        if (now >= state.Deadline && state.Done < state.Crucibles.Length) return EndReason.EpochTimeout;
        var tolerant = state.Declared.Mode == EpochMode.Salvage;
        return !tolerant && state.Failed > state.Declared.MaxFailures && state.Done < state.Crucibles.Length ? EndReason.MaxFailures : null;
    }

    /// <summary>Whether the epoch ends here, with nothing under way, and why it ends early.</summary>
    private static (bool Ends, EndReason? Reason)? Ending(EpochState state, DateTimeOffset now)
    {
        if (state.Phase == EpochPhase.Cancelling) return (true, EndReason.Cancelled);
        var stop = StopReason(state, now);
        if (stop is null && state.Done < state.Crucibles.Length) return null;
        if (state.Declared.Mode == EpochMode.Salvage && ToSalvage(state).Any()) return null;
        return (true, stop);
    }

    private static IEnumerable<Event> Finish(EpochState state, EndReason? reason)
    {
        var verdict = VerdictRule.Of(state, reason);
        yield return new EpochFinished(verdict, reason ?? (verdict == EpochVerdict.FailClosed ? EndReason.EvidenceMissing : null));
    }

    private static string Foreign(EpochDeclared epoch, string? ladder) => ladder is null
        ? $"the epoch {epoch.EpochId} is the ladder {epoch.LadderId}'s: assay epoch escalate LADDER --resume goes on with it"
        : $"the epoch {epoch.EpochId} is none of the ladder {ladder}'s: give the ladder another ladder_id";

    /// <summary>What is not what it was when the epoch was declared, or null.</summary>
    private static string? Changed(EpochState state, ResumeEpoch resume)
    {
        if (resume.Epoch.EpochHash != state.Declared.EpochHash) return "the plan or a crucible";
        if (resume.Epoch.Mode != state.Declared.Mode) return $"the mode ({state.Declared.Mode} to {resume.Epoch.Mode})";
        for (var i = 0; i < state.Crucibles.Length; i++)
        {
            if (resume.Crucibles[i].RunSha256 != state.Crucibles[i].Declared.RunSha256) return $"an input, the program or the environment of {resume.Crucibles[i].CrucibleId}";
        }

        return null;
    }
}
