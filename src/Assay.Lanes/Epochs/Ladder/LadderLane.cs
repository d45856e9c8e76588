using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Epochs;

/// <summary>What a ladder's stream records, beside the effects.</summary>
public abstract record LadderEvent : Event;

/// <summary>First event.</summary>
/// <param name="LadderId">The id in force.</param>
/// <param name="LadderSha256">The document's digest.</param>
/// <param name="Rungs">The rungs, with absolute paths.</param>
/// <param name="Autonomous">Repeat a failed rung up to its attempts.</param>
/// <param name="MaxEpochs">The most epochs that may be run; null: as many as the attempts allow.</param>
internal sealed record LadderDeclared(
    string LadderId, Digest LadderSha256, ImmutableArray<LadderRung> Rungs, bool Autonomous, int? MaxEpochs) : LadderEvent
{
    /// <summary>What each rung is (<see cref="RungIdentityDocument"/>); null in what was recorded before it was compared.</summary>
    public ImmutableArray<Digest>? RungHashes { get; init; }

    /// <summary>The ladder's own id when that was taken; null: it was not.</summary>
    public string? BumpedFrom { get; init; }

    /// <summary>Covers the ladder, its plans, their crucibles and the programs.</summary>
    [JsonIgnore]
    public Digest? LadderHash => RungHashes is { } rungs ? new LadderIdentityDocument(LadderSha256, rungs).Sha256() : null;

    /// <summary>The same under the id that it gets.</summary>
    public LadderDeclared As(string id) => this with { LadderId = id, BumpedFrom = id == LadderId ? null : LadderId };
}

/// <summary>An attempt at a rung has its verdict; null when its epoch could not be concluded.</summary>
public sealed record RungFinished(int Rung, int Attempt, string EpochId, EpochVerdict? Verdict, bool Reached, string? Reason) : LadderEvent;

/// <summary>Somebody asked to end it.</summary>
internal sealed record LadderCancelled(string By) : LadderEvent;

/// <summary>A cancelled escalation goes on.</summary>
internal sealed record LadderResumed : LadderEvent;

/// <summary>The end: every rung reached, or why not.</summary>
internal sealed record LadderFinished(bool Reached, string? Reason) : LadderEvent
{
    /// <summary>Whether somebody ended it, so that it can be gone on with.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Cancelled { get; init; }

    /// <summary>Version 1 said that by its reason. This never changes.</summary>
    internal static JsonElement Of1(JsonElement data)
    {
        var all = JsonObject.Create(data)!;
        if ((string?)all["reason"] == "cancelled") all["cancelled"] = true;
        return JsonDocument.Parse(all.ToJsonString()).RootElement.Clone();
    }
}

/// <summary>Starts an escalation.</summary>
internal sealed record DeclareLadder(LadderDeclared Ladder) : Command;

/// <summary>Lets an interrupted or cancelled escalation go on, if the ladder and all that stands on it are still what they were.</summary>
internal sealed record ResumeLadder(LadderDeclared Ladder) : Command;

/// <summary>An escalation, folded from its events.</summary>
internal sealed record LadderState(LadderDeclared? Declared, ImmutableArray<RungFinished> Attempts, LadderFinished? Finished, bool Cancelling)
{
    public static readonly LadderState Initial = new(null, [], null, Cancelling: false);

    /// <summary>Whether it can be gone on with.</summary>
    public bool IsOpen => Finished is null or { Cancelled: true };

    /// <summary>The rung to climb next: the first that has not been reached.</summary>
    public int Rung => Attempts.Count(a => a.Reached);

    public int TriesAt(int rung) => Attempts.Count(a => a.Rung == rung);
}

/// <summary>Escalation: each rung must reach its verdict before the next starts (lane document: Epochs, Commands).</summary>
internal sealed class LadderLane : Lane<LadderState>
{
    public const string LaneName = "ladder";

    public static readonly LadderLane Instance = new();

    public static StreamName StreamOf(string ladderId) => StreamName.Of(LaneName, ladderId);

    /// <summary>The id of the epoch that is an attempt at a rung, both counted from 1.</summary>
    public static string EpochId(string ladderId, int rung, int attempt) => $"{ladderId}.R{rung}.A{attempt}";

    public override string Name => LaneName;

    private static AnswerKinds Answers => new(EpochJson.Default, ("epoch", typeof(EpochAnswer)));

    public override EventCatalog Events { get; } = EffectEvents.Catalog(Answers, EpochAnswer.Of1)
        .Add("LADDER_DECLARED", static () => EpochJson.Default.LadderDeclared)
        .Add("RUNG_FINISHED", static () => EpochJson.Default.RungFinished)
        .Add("LADDER_CANCELLED", static () => EpochJson.Default.LadderCancelled)
        .Add("LADDER_RESUMED", static () => EpochJson.Default.LadderResumed)
        .Add("LADDER_FINISHED", static () => EpochJson.Default.LadderFinished, LadderFinished.Of1);

    public override LadderState Initial => LadderState.Initial;

    public override LadderState Evolve(LadderState state, RecordedEvent recorded) => recorded.Body switch
    {
        LadderDeclared declared => state with { Declared = declared },
        RungFinished finished => state with { Attempts = state.Attempts.Add(finished) },
        LadderCancelled => state with { Cancelling = true },
        LadderResumed => state with { Cancelling = false, Finished = null },
        LadderFinished finished => state with { Finished = finished },
        EffectEvent => state,
        var other => throw new InvalidOperationException($"a ladder has no event {other.GetType().Name}"),
    };

    public override Decision Decide(LadderState state, ActiveEffects active, Command command, DateTimeOffset now) => (state, command) switch
    {
        ({ Declared: null }, DeclareLadder declare) => Decision.Accept(declare.Ladder),
        (_, DeclareLadder) => Decision.Refuse(EpochRefusals.LadderExists, $"the ladder {state.Declared!.LadderId} was started already"),
        ({ Declared: null }, _) => Decision.Refuse(EpochRefusals.NoLadder, "there is no such ladder"),
        (_, ResumeLadder resume) when LadderIdentityDocument.Changed(state.Declared!, resume.Ladder) is { } changed =>
            Decision.Refuse(
                EpochRefusals.LadderChanged, $"{changed} has changed since the ladder was started: climb it anew, without --resume"),
        ({ Finished.Cancelled: true }, ResumeLadder) => Decision.Accept([new LadderResumed(), .. End(state) is { } end ? [end] : Array.Empty<Event>()]),
        (_, ResumeLadder) => Decision.Accept(),
        ({ Finished: null, Cancelling: false }, Cancel cancel) => Decision.Accept(
            [new LadderCancelled(cancel.By), .. active.Count == 0 ? [Cancelled] : Array.Empty<Event>()]),
        (_, Cancel or WakeUp) => Decision.Accept(),
        _ => Decision.Refuse(KernelRefusals.UnknownCommand, $"a ladder knows no {command.GetType().Name}"),
    };

    public override Work Next(LadderState state, ActiveEffects active, DateTimeOffset now) => state switch
    {
        { Declared: null } => new Work.Wait("a ladder"),
        { Finished: not null } => Work.Finished.Instance,
        { Cancelling: true } => new Work.Wait("what is under way"),
        _ => new Work.Perform([Climb(state)]),
    };

    public override Effect EffectOf(LadderState state, string effectId) => Climb(state);

    public override IReadOnlyList<Event> Record(LadderState state, ActiveEffects active, EffectReport report, DateTimeOffset now)
    {
        var rung = state.Rung;
        var attempt = state.TriesAt(rung) + 1;
        if (report is not EffectCompleted { Outcome: AnswerOutcome { Answer: var answer, Stream.Id: var epochId } }) return [];
        var epoch = answer as EpochAnswer;
        if (state.Cancelling && epoch?.End == EndReason.Cancelled) return [Cancelled];
        var reached = epoch is { Counts: true } && epoch.Verdict == state.Declared!.Rungs[rung].RequiredVerdict;
        var reason = epoch switch
        {
            null => answer is NoAnswer { Reason: var why } ? why : answer.NotDone,
            { Counts: false } => "a shadow epoch counts for no gate",
            { End: { } early } => WireName<EndReason>.Of(early),
            _ => null,
        };
        var finished = new RungFinished(rung, attempt, epochId, epoch?.Verdict, reached, reason);
        var after = state with { Attempts = state.Attempts.Add(finished) };
        return (End(after) ?? (state.Cancelling ? Cancelled : null)) is { } end ? [finished, end] : [finished];
    }

    private static LadderFinished Cancelled => new(Reached: false, "cancelled") { Cancelled = true };

    /// <summary>How it ends by its attempts, whatever anybody wants; null: it goes on.</summary>
    private static LadderFinished? End(LadderState state)
    {
        if (state.Attempts is not [.., var last]) return null;
        var ladder = state.Declared!;
        if (state.Rung == ladder.Rungs.Length) return new LadderFinished(Reached: true, null);
        if (!last.Reached && (!ladder.Autonomous || last.Attempt >= ladder.Rungs[last.Rung].Attempts))
        {
            return new LadderFinished(Reached: false, $"rung {last.Rung + 1} did not reach {WireName<EpochVerdict>.Of(ladder.Rungs[last.Rung].RequiredVerdict)} in {last.Attempt} attempts");
        }

        return state.Attempts.Length >= ladder.MaxEpochs ? new LadderFinished(Reached: false, $"max_epochs of {ladder.MaxEpochs} were run") : null;
    }

    private static RunChild Climb(LadderState state)
    {
        var rung = state.Rung;
        var attempt = state.TriesAt(rung) + 1;
        return new RunChild($"rung/{rung + 1}.{attempt}")
        {
            Lane = EpochLane.LaneName,
            Document = state.Declared!.Rungs[rung].Plan,
            ChildId = EpochId(state.Declared.LadderId, rung + 1, attempt),
        };
    }
}
