using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Epochs;

/// <summary>Where an epoch stands.</summary>
internal enum EpochPhase
{
    /// <summary>No event yet. Left by <see cref="EpochDeclared"/>.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Crucibles run or may run. Left by <see cref="EpochCancelRequested"/> and <see cref="EpochFinished"/>.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Nothing new starts; what is under way is being ended. Left by <see cref="EpochFinished"/>.</summary>
    [JsonStringEnumMemberName("cancelling")]
    Cancelling,

    /// <summary>There is a verdict. Left only by <see cref="EpochResumed"/>, and only after a cancellation.</summary>
    [JsonStringEnumMemberName("finished")]
    Finished,
}

/// <summary>An epoch, folded from its events.</summary>
internal sealed record EpochState : IJsonOnDeserialized
{
    public static readonly EpochState Initial = new();

    private readonly EpochDeclared? _declared;

    public EpochPhase Phase { get; init; }

    public EpochDeclared Declared
    {
        get => _declared ?? throw new InvalidOperationException("the epoch has not been declared");
        init => _declared = value;
    }

    public bool IsDeclared => _declared is not null;

    /// <summary>Whether it can be gone on with.</summary>
    public bool IsOpen => Finished is null or { Reason: EndReason.Cancelled };

    /// <summary>In the plan's order.</summary>
    public ImmutableArray<CrucibleState> Crucibles { get; init; } = [];

    private ImmutableDictionary<string, int> Places { get; set; } = ImmutableDictionary.Create<string, int>(StringComparer.Ordinal);

    /// <summary>Crucibles with an outcome.</summary>
    public int Done { get; init; }

    public int Passed { get; init; }

    public int Failed => Done - Passed;

    /// <summary>The first crucible without an outcome.</summary>
    public int FirstOpen { get; init; }

    /// <summary>When an engine last began to work on the epoch, and how long it had been worked on before that.</summary>
    public DateTimeOffset RunningSince { get; init; }

    public TimeSpan RanBefore { get; init; }

    public DateTimeOffset LastAt { get; init; }

    /// <summary>How often a verdict was given: a cancelled epoch that is resumed gets another.</summary>
    public int Verdicts { get; init; }

    public EpochFinished? Finished { get; init; }

    /// <summary>When the epoch's own wall clock runs out.</summary>
    public DateTimeOffset Deadline => RunningSince + TimeSpan.FromMilliseconds(Declared.WallClockMs) - RanBefore;

    /// <summary>Where a crucible stands in <see cref="Crucibles"/>.</summary>
    public int IndexOf(string crucibleId) =>
        Places.TryGetValue(crucibleId, out var index) ? index : throw new InvalidOperationException($"{crucibleId} is not in the plan");

    /// <summary>The fold.</summary>
    public EpochState Evolve(RecordedEvent recorded)
    {
        var next = this with { LastAt = recorded.At };
        return recorded.Body switch
        {
            EpochDeclared declared => next with { Phase = EpochPhase.Running, Declared = declared, RunningSince = recorded.At },
            CrucibleDeclared declared => next with
            {
                Crucibles = Crucibles.Add(new CrucibleState(declared)),
                Places = Places.Add(declared.CrucibleId, Crucibles.Length),
            },
            EffectStarted started => next.OnEffect(started, c => c.Started(started)),
            EffectFinished ended => next.OnEffect(ended, c => c.Ended(ended)),
            EffectInterrupted lost => next.OnEffect(lost, c => c.Lost(lost)),
            ReplayRequired replay => next.On(replay.CrucibleId, c => c with { NeedsReplay = true, Notes = replay.Notes }),
            CrucibleCovered covered => next.On(covered.CrucibleId, c => c with { Observed = (c.Observed ?? new Observed()).Union(covered.Observed) }),
            CrucibleFinished finished => next.OnFinished(finished),
            CrucibleSalvaged salvaged => next.On(salvaged.CrucibleId, c => c with { Salvaged = salvaged }),
            EpochResumed => next.OnResumed().RunFrom(recorded.At, LastAt),
            EpochTakenUp => next.RunFrom(recorded.At, LastAt),
            EpochCancelRequested => next with { Phase = EpochPhase.Cancelling },
            EpochFinished finished => next with { Phase = EpochPhase.Finished, Finished = finished, Verdicts = Verdicts + 1 },
            var other => throw new InvalidOperationException($"an epoch has no event {other.GetType().Name}"),
        };
    }

    void IJsonOnDeserialized.OnDeserialized() =>
        Places = Places.AddRange(Crucibles.Select((c, place) => KeyValuePair.Create(c.Declared.CrucibleId, place)));

    private EpochState OnEffect(EffectEvent effect, Func<CrucibleState, CrucibleState> change) =>
        On(EpochEffects.CrucibleOf(effect.EffectId), change);

    private EpochState On(string crucibleId, Func<CrucibleState, CrucibleState> change)
    {
        var index = IndexOf(crucibleId);
        return this with { Crucibles = Crucibles.SetItem(index, change(Crucibles[index])) };
    }

    private EpochState OnFinished(CrucibleFinished finished)
    {
        var next = On(finished.CrucibleId, c => c.Judged(finished));
        var open = FirstOpen;
        while (open < next.Crucibles.Length && next.Crucibles[open].Result is not null) open++;
        return next with { Done = Done + 1, Passed = Passed + (finished.Outcome == CrucibleOutcome.Pass ? 1 : 0), FirstOpen = open };
    }

    /// <summary>What is complete is kept; what was interrupted or cancelled and may safely be repeated is open again.</summary>
    private EpochState OnResumed()
    {
        ImmutableArray<CrucibleState> crucibles = [.. Crucibles.Select(c => c.Reopened())];
        var done = crucibles.Count(c => c.Result is not null);
        var open = 0;
        while (open < crucibles.Length && crucibles[open].Result is not null) open++;
        return this with
        {
            Phase = EpochPhase.Running,
            Finished = null,
            Crucibles = crucibles,
            Done = done,
            Passed = crucibles.Count(c => c.Result?.Outcome == CrucibleOutcome.Pass),
            FirstOpen = open,
        };
    }

    /// <summary>The wall clock counts no time in which no engine was at work: what had run had run until the last event.</summary>
    private EpochState RunFrom(DateTimeOffset at, DateTimeOffset lastAt) =>
        this with { RanBefore = RanBefore + (lastAt - RunningSince), RunningSince = at };
}

/// <summary>One crucible of an epoch.</summary>
internal sealed record CrucibleState(CrucibleDeclared Declared)
{
    /// <summary>Attempts at the first run so far.</summary>
    public int Attempts { get; init; }

    /// <summary>How the first run ended, when it did.</summary>
    public ProcessOutcome? Run { get; init; }

    /// <summary>The first run passed and a second one is asked for.</summary>
    public bool NeedsReplay { get; init; }

    public ProcessOutcome? Replay { get; init; }

    /// <summary>The last attempt whose outcome was lost.</summary>
    public EffectInterrupted? Interrupted { get; init; }

    /// <summary>Notes of the first run, kept until the second has ended.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    public Observed? Observed { get; init; }

    public CrucibleFinished? Result { get; init; }

    /// <summary>How many run records were written.</summary>
    public int Records { get; init; }

    /// <summary>The outcome is from before the epoch was resumed.</summary>
    public bool Kept { get; init; }

    public CrucibleSalvaged? Salvaged { get; init; }

    public CrucibleState Started(EffectStarted started) => this with
    {
        Attempts = EpochEffects.IsRun(started.EffectId) ? started.Attempt : Attempts,
    };

    public CrucibleState Ended(EffectFinished ended) => (EpochEffects.Kind(ended.EffectId), ended.Outcome) switch
    {
        (EpochEffects.RunKind, ProcessOutcome run) => this with { Run = run },
        (EpochEffects.ReplayKind, ProcessOutcome replay) => this with { Replay = replay },
        _ => this,
    };

    public CrucibleState Lost(EffectInterrupted lost) => this with { Interrupted = lost };

    public CrucibleState Judged(CrucibleFinished finished) => this with
    {
        Result = finished,
        Records = Records + 1,
        Observed = finished.Coverage?.Observed ?? Observed,
    };

    public CrucibleState Reopened()
    {
        if (Result is null) return this;
        return Declared.Crucible.RetrySafe && WasCutShort
            ? this with { Result = null, Run = null, Replay = null, NeedsReplay = false, Interrupted = null, Notes = [], Observed = null, Kept = false }
            : this with { Kept = true };
    }

    /// <summary>It did not end by itself or by its own caps: the engine died, or somebody cancelled.</summary>
    private bool WasCutShort =>
        Interrupted is not null || Run?.KillReason == KillReason.Cancelled || Replay?.KillReason == KillReason.Cancelled;
}
