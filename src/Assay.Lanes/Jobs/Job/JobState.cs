using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;

namespace Assay.Lanes.Jobs;

/// <summary>Where a job stands. What it waits for or does is in <see cref="JobState.Step"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobPhase>))]
internal enum JobPhase
{
    /// <summary>No event yet. Left by <see cref="JobSubmitted"/>.</summary>
    [JsonStringEnumMemberName("NONE")]
    None,

    /// <summary>
    /// A stage runs or may run. Left by <see cref="WaitingApproval"/>, <see cref="JobFailed"/>, <see cref="StoppedBudget"/>, <see
    /// cref="JobCancelRequested"/> and <see cref="JobDone"/>.
    /// </summary>
    [JsonStringEnumMemberName("RUNNING")]
    Active,

    /// <summary>
    /// A person has to decide. Left by <see cref="Approved"/>, <see cref="Rejected"/> and <see cref="JobCancelRequested"/>.
    /// </summary>
    [JsonStringEnumMemberName("WAITING_APPROVAL")]
    Waiting,

    /// <summary>What is under way is being ended. Left by <see cref="JobCancelled"/>.</summary>
    [JsonStringEnumMemberName("CANCELLING")]
    Cancelling,

    /// <summary>The workflow has come to its end, whatever the gates said. Never left: to run it again is another job.</summary>
    [JsonStringEnumMemberName("DONE")]
    Done,

    /// <summary>A person turned a document down without a replacement. Never left.</summary>
    [JsonStringEnumMemberName("REJECTED")]
    Rejected,

    /// <summary>A limit forbade the next action. Never left.</summary>
    [JsonStringEnumMemberName("STOPPED_BUDGET")]
    StoppedBudget,

    /// <summary>Somebody ended it. Never left.</summary>
    [JsonStringEnumMemberName("CANCELLED")]
    Cancelled,

    /// <summary>A stage could not be completed. Left by <see cref="JobRetried"/> and <see cref="JobCancelRequested"/>.</summary>
    [JsonStringEnumMemberName("ERROR")]
    Error,
}

/// <summary>A job, folded from its events.</summary>
internal sealed record JobState
{
    public static readonly JobState Initial = new();

    private readonly JobDeclaration? _job;

    public JobPhase Phase { get; init; }

    public JobDeclaration Job
    {
        get => _job ?? throw new InvalidOperationException("the job has not been submitted");
        init => _job = value;
    }

    public JobSubmitted? Submitted { get; init; }

    public DateTimeOffset SubmittedAt { get; init; }

    public DateTimeOffset LastAt { get; init; }

    /// <summary>Where in <see cref="JobWorkflow"/> it stands.</summary>
    public int Position { get; init; }

    /// <summary>The documents in force, by name.</summary>
    public ImmutableSortedDictionary<string, DocumentRef> Documents { get; init; } = ImmutableSortedDictionary.Create<string, DocumentRef>(StringComparer.Ordinal);

    /// <summary>All versions of all documents, in the order in which they came.</summary>
    public ImmutableArray<DocumentRef> History { get; init; } = [];

    public WaitingApproval? Waiting { get; init; }

    public ImmutableArray<Approved> Approvals { get; init; } = [];

    public ImmutableArray<Rejected> Rejections { get; init; } = [];

    public ImmutableArray<SegmentRef> Segments { get; init; } = [];

    public RunCompleted? Run { get; init; }

    /// <summary>How the hold-outs were judged, which happens once.</summary>
    public HoldoutsJudged? Holdouts { get; init; }

    public GatesCompleted? Gates { get; init; }

    /// <summary>The card that the registry component made, before it is registered.</summary>
    public CollectedFile? Card { get; init; }

    public RegistryUpdated? Registered { get; init; }

    public ImmutableArray<ChildJob> Proposals { get; init; } = [];

    /// <summary>Children that are to be submitted.</summary>
    public ImmutableArray<ChildJob> ToSpawn { get; init; } = [];

    public ImmutableArray<Spawned> Children { get; init; } = [];

    /// <summary>Every time that it was to be run again, in order.</summary>
    public ImmutableArray<JobRerunRequested> Reruns { get; init; } = [];

    /// <summary>Reruns that are to be submitted.</summary>
    public ImmutableArray<JobRerunRequested> ToRerun { get; init; } = [];

    public JobCounters Counters { get; init; } = new(0, 0, 0, default, 0);

    /// <summary>What was tried, in the order in which it began.</summary>
    public ImmutableArray<StageRun> Stages { get; init; } = [];

    public JobFailed? Failure { get; init; }

    public StoppedBudget? Stopped { get; init; }

    public JobCancelRequested? CancelRequest { get; init; }

    /// <summary>What comes next in the workflow; null at its end.</summary>
    public JobStep? Next => Position < JobWorkflow.Of(Job).Count ? JobWorkflow.Of(Job)[Position] : null;

    /// <summary>The stage or checkpoint at which it stands; null at the end.</summary>
    public string? Step => Next switch
    {
        JobStep.Stage stage => stage.Name,
        JobStep.Checkpoint checkpoint => checkpoint.Name,
        JobStep.Spawn => JobWorkflow.Spawn,
        _ => null,
    };

    /// <summary>The document of a name that is in force.</summary>
    public DocumentRef? Document(string name) => Documents.GetValueOrDefault(name);

    public int VersionsOf(string name) => History.Count(d => d.Name == name);

    /// <summary>When the stage under way has to be over by the wall-clock budget, if it starts at a time.</summary>
    public DateTimeOffset? Deadline(DateTimeOffset startsAt) =>
        Job.Budget.MaxWallClockMs is { } max ? startsAt + TimeSpan.FromMilliseconds(Math.Max(0, max - Counters.WallClockMs)) : null;

    public long? RemainingMs => Job.Budget.MaxWallClockMs is { } max ? Math.Max(0, max - Counters.WallClockMs) : null;

    public Usd? RemainingCost => Job.Budget.MaxCost?.Less(Counters.Cost);

    /// <summary>The fold.</summary>
    public JobState Evolve(RecordedEvent recorded) => Apply(recorded) with { LastAt = recorded.At };

    private JobState Apply(RecordedEvent recorded) => recorded.Body switch
    {
        JobSubmitted submitted => OnSubmitted(submitted, recorded.At),
        DocumentMade made => OnDocument(made),
        HoldoutsJudged judged => With(judged.Document) with { Holdouts = judged },
        WaitingApproval waiting => this with { Phase = JobPhase.Waiting, Waiting = waiting },
        Approved approved => this with
        {
            Phase = JobPhase.Active,
            Waiting = null,
            Approvals = Approvals.Add(approved),
            Position = Position + 1,
            ToSpawn = approved.Step == JobCheckpoints.Improvements ? Proposals : ToSpawn,
        },
        Rejected rejected => this with { Phase = rejected.Replaced ? JobPhase.Active : JobPhase.Rejected, Waiting = null, Rejections = Rejections.Add(rejected) },
        RunCompleted run => this with { Run = run, Position = Position + 1 },
        RegistryUpdated registered => (registered.Card is { } card ? With(card) : this) with { Registered = registered, Position = Position + 1 },
        SpawnRequested requested => this with { ToSpawn = ToSpawn.Add(requested.Child) },
        Spawned spawned => this with
        {
            ToSpawn = ToSpawn.RemoveAll(c => c.JobId == spawned.ChildJobId),
            Children = Children.Add(spawned),
            Counters = Counters with { Spawned = Counters.Spawned + 1 },
        },

        JobRerunRequested rerun => this with { Reruns = Reruns.Add(rerun), ToRerun = ToRerun.Add(rerun) },

        // One wish too many of a job that is done leaves what was granted before as it is.
        StoppedBudget stopped when Phase == JobPhase.Done => this with { Stopped = stopped },
        StoppedBudget stopped => this with { Phase = JobPhase.StoppedBudget, Stopped = stopped, ToSpawn = [] },
        JobCancelRequested request => this with { Phase = JobPhase.Cancelling, Waiting = null, CancelRequest = request },
        JobCancelled => this with { Phase = JobPhase.Cancelled },
        JobFailed failed => this with { Phase = JobPhase.Error, Failure = failed },
        JobRetried retried => this with { Phase = JobPhase.Active, Failure = null, Card = null, Job = retried.Components is { } now ? Job with { Components = now } : Job },
        JobDone => this with { Phase = JobPhase.Done },
        EffectStarted started => this with
        {
            Stages = Stages.Add(new StageRun(started.EffectId, started.Attempt, recorded.At, null, null, default)),
        },
        EffectFinished finished => OnEffect(finished, recorded.At),
        EffectInterrupted lost => OnEnded(
            lost, recorded.At, StageEnd.Interrupted, (long)(recorded.At - StartOf(lost)).TotalMilliseconds, default),
        _ => throw new InvalidOperationException($"a job records no {recorded.Body.GetType().Name}"),
    };

    private JobState OnSubmitted(JobSubmitted submitted, DateTimeOffset at) => (this with
    {
        Phase = JobPhase.Active,
        Job = submitted.Job,
        Submitted = submitted,
        SubmittedAt = at,
        Counters = new JobCounters(0, submitted.Job.Lineage.Generation, 0, default, 0),
    }).With(submitted.Job.Spec).With(submitted.Job.Policies).With(submitted.Job.Input);

    private JobState OnDocument(DocumentMade made)
    {
        var proposed = made.By.IsPerson ? 0 : made switch
        {
            BlueprintProposed or StrategySpecProposed => 1,
            ImprovementsProposed improvements => improvements.Proposals.Length,
            _ => 0,
        };
        var next = With(made.Document) with { Counters = Counters with { Proposals = Counters.Proposals + proposed } };

        // A replacement is made at the checkpoint itself, behind the stage that made the first.
        if (Next is JobStep.Stage) next = next with { Position = Position + 1 };
        return made switch
        {
            RunspecCompiled compiled => next with { Segments = compiled.Segments },
            GatesCompleted gates => next with { Gates = gates },
            ImprovementsProposed improvements => next with { Proposals = improvements.Proposals },
            _ => next,
        };
    }

    private JobState OnEffect(EffectFinished finished, DateTimeOffset at)
    {
        var (ms, cost) = finished.Outcome switch
        {
            ProcessOutcome run => (run.DurationMs, run.Cost ?? default),
            AnswerOutcome { Answer: DossierAnswer run } => (run.DurationMs, run.Cost),
            _ => (0L, default(Usd)),
        };
        var next = OnEnded(finished, at, StageEnds.Of(finished.Outcome), ms, cost);
        if (JobEffects.RerunOf(finished.EffectId) is { } again) return next with { ToRerun = ToRerun.RemoveAll(r => r.Job.JobId == again) };
        return finished.EffectId == JobEffects.RegistryCard
            && finished.Outcome is ProcessOutcome { Files: [{ Sha256: not null } card] } made && StageEnds.IsWell(made)
            ? next with { Card = card }
            : next;
    }

    private JobState OnEnded(EffectEvent ended, DateTimeOffset at, StageEnd end, long ms, Usd cost)
    {
        var index = -1;
        for (var i = Stages.Length - 1; i >= 0 && index < 0; i--) index = Stages[i].EffectId == ended.EffectId && Stages[i].Attempt == ended.Attempt ? i : -1;
        return this with
        {
            Stages = Stages.SetItem(index, Stages[index] with
            {
                EndedAt = at,
                End = end,
                Cost = cost,
                IsUncaged = ended is EffectFinished { Outcome: ProcessOutcome { Caps.IsUncaged: true } },
                IsNetworkOpen = ended is EffectFinished { Outcome: ProcessOutcome } && HasOpenNetwork(ended.EffectId),
                Egress = EgressOf(ended),
                Stderr = ended is EffectFinished { Outcome: ProcessOutcome run } ? run.Stderr : null,
            }),
            Counters = Counters with { WallClockMs = Counters.WallClockMs + ms, Cost = Counters.Cost + cost },
        };
    }

    private bool HasOpenNetwork(string effectId) =>
        JobEffects.StageOf(effectId) is { } stage && Job.Components.GetValueOrDefault(stage)?.Grants is { Network.IsOpen: true };

    private static Egress? EgressOf(EffectEvent ended) => (ended as EffectFinished)?.Outcome switch
    {
        ProcessOutcome run => run.Egress,
        AnswerOutcome { Answer: DossierAnswer run } => run.Egress,
        _ => null,
    };

    private DateTimeOffset StartOf(EffectEvent ended) => Stages.Last(s => s.EffectId == ended.EffectId).StartedAt;

    private JobState With(DocumentRef document) => this with { Documents = Documents.SetItem(document.Name, document), History = History.Add(document) };
}

/// <summary>One attempt at a stage.</summary>
/// <param name="EffectId">The effect, such as <c>stage/compile</c>.</param>
/// <param name="Attempt">1 for the first try.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it is under way.</param>
/// <param name="End">How it ended; null while it is under way.</param>
/// <param name="Cost">What it spent.</param>
internal sealed record StageRun(string EffectId, int Attempt, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, StageEnd? End, Usd Cost)
{
    /// <summary>Whether nothing kept its program away from the machine.</summary>
    public bool IsUncaged { get; init; }

    /// <summary>Whether its program had the host's own network.</summary>
    public bool IsNetworkOpen { get; init; }

    /// <summary>What its program tried to reach; null where that was not watched.</summary>
    public Egress? Egress { get; init; }

    /// <summary>What it wrote to its standard error; null where no process of the job's own came to its end.</summary>
    public Captured? Stderr { get; init; }
}
