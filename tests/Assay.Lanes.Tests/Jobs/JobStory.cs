using System.Collections.Immutable;
using System.Text;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Streams;
using Assay.Lanes.Jobs;
using Assay.Lanes.Shared;
using Assay.Tests.Epochs;

namespace Assay.Tests.Jobs;

/// <summary>A job whose effects are played by the test. Every event goes through its stored bytes, as the engine's do.</summary>
internal sealed class JobStory
{
    public static readonly DateTimeOffset Now = Played.Now;
    public static readonly Actor Ada = new("ada", "cli");

    public const string Runspec = """{"schema_version":"runspec_v1","strategy":{"top":2},"segments":{"list":[{"segment_id":"walk_1"},{"segment_id":"held","holdout":true}]}}""";
    public const string Holdouts = """{"schema_version":"holdout_results_v1","gates":[{"gate_id":"h","segment_id":"held","status":"PASS"}]}""";
    public const string Gates = """{"schema_version":"gate_results_v1","gates":[{"gate_id":"g","status":"PASS","metric":"sharpe","operator":">=","threshold":1,"value":2}]}""";

    private static readonly JobLane Lane = JobLane.Instance;

    private StreamHead _head = StreamHead.Empty(JobLane.StreamOf("0123456789ab"));

    public LaneFold Fold { get; private set; } = LaneFold.Of(Lane);

    public JobState State => Fold.As<JobState>();

    public List<RecordedEvent> Recorded { get; } = [];

    public IEnumerable<string> Types => Recorded.Where(r => r.Body is JobEvent).Select(r => Lane.Events.NameOf(r.Body));

    /// <summary>The events as the lane made them, with what they bring along.</summary>
    public List<Event> Attached { get; } = [];

    /// <summary>A job that has been submitted.</summary>
    public static JobStory Of(JobKind kind, JobBudget? budget = null, bool retrySafe = false, bool improving = false)
    {
        var story = new JobStory();
        JobSubmitted submitted = kind == JobKind.Blueprint ? new BlueprintSubmitted(Job(kind, budget, retrySafe, improving), Ada) : new IdeaSubmitted(Job(kind, budget, retrySafe, improving), Ada);
        Assert.IsType<Decision.Accepted>(story.Put(new SubmitJob(submitted)));
        return story;
    }

    public static JobStory Of(JobDeclaration job)
    {
        var story = new JobStory();
        Assert.IsType<Decision.Accepted>(story.Put(new SubmitJob(new BlueprintSubmitted(job, Ada))));
        return story;
    }

    public static JobDeclaration Job(JobKind kind, JobBudget? budget = null, bool retrySafe = false, bool improving = false) => new()
    {
        JobId = "0123456789ab",
        Kind = kind,
        SpecSha256 = Digest.Of("spec"),
        Spec = Document("job_spec", "job_spec.json"),
        Input = Document(kind == JobKind.Blueprint ? "blueprint" : "idea_spec", "inputs/x.json"),
        Title = "A test",
        SnapshotId = "s",
        Bundle = new PolicyBundleRef("/policies.yaml", "p", Digest.Of("p")),
        Policies = Document("policies", ""),
        Budget = budget ?? new JobBudget(),
        PolicyNames = ["min_sharpe"],
        HoldoutMetrics = ["months"],
        HoldoutGates = [new HoldoutGate("h", "sharpe", ">=", 1)],
        Components = JobStages.All.Where(s => improving || s.Stage != JobStages.Improvements)
            .ToImmutableSortedDictionary(s => s.Stage, s => Component(s.Contract, retrySafe), StringComparer.Ordinal),
        Lineage = JobLineage.Root,
    };

    /// <summary>Puts a command, and takes in what it gives.</summary>
    public Decision Put(Command command)
    {
        var decision = Fold.Decide(command);
        if (decision is Decision.Accepted accepted) Append(accepted.Events);
        return decision;
    }

    /// <summary>The effect that the lane asks for now.</summary>
    public Effect Asked() => Assert.Single(Fold.Asked());

    /// <summary>Begins the effect that the lane asks for.</summary>
    public Effect Begin()
    {
        var effect = Asked();
        Append([new EffectStarted(effect.Id, Fold.Effects.NextAttempt(effect.Id), "s", "h", "b")]);
        Assert.Equal(effect.Id, Lane.EffectOf(State, effect.Id).Id);
        return effect;
    }

    /// <summary>Plays the next stage: its program leaves a document.</summary>
    public JobStory Stage(string document, Func<ProcessOutcome, ProcessOutcome>? change = null)
    {
        var effect = (RunProcess)Begin();
        var bytes = Encoding.UTF8.GetBytes(document);
        var file = new CollectedFile(effect.Collect[0].Name, bytes.Length, Digest.Of(bytes), null);
        var outcome = Given.Outcome(files: [file]);
        return End(effect, change?.Invoke(outcome) ?? outcome, (file.Name, bytes));
    }

    /// <summary>Plays the run.</summary>
    public JobStory Run(DossierEnd end = DossierEnd.Completed, string? rule = null, string? message = null, bool isOwn = true)
    {
        var effect = (ChildStream)Begin();
        var declared = ((DeclareDossier)effect.Command).Run;
        var manifest = DossierManifest.Of(declared, [new DossierFile("metrics.json", Digest.Of("m"), 2)]).Bytes();
        return End(effect, new AnswerOutcome(effect.Stream, new DossierAnswer(end, rule, message, isOwn, default, 7) { Document = manifest }));
    }

    /// <summary>Plays the entry into the registry, or a child's submission.</summary>
    public JobStory Told(StreamAnswer answer)
    {
        var effect = (ChildStream)Begin();
        return End(effect, new AnswerOutcome(effect.Stream, answer));
    }

    public JobStory Approve(string step)
    {
        Assert.IsType<Decision.Accepted>(Put(new ApproveStep(step, State.Waiting!.Sha256, Ada, null)));
        return this;
    }

    public JobStory End(Effect effect, EffectOutcome outcome, params (string Name, byte[] Bytes)[] evidence)
    {
        var attempt = Fold.Effects.InFlight[effect.Id].Attempt;
        Append([new EffectFinished(effect.Id, attempt, outcome)]);
        var seen = evidence.ToDictionary(e => e.Name, e => new ReadOnlyMemory<byte>(e.Bytes), StringComparer.Ordinal);
        Append(Fold.Judge(new EffectCompleted(effect, attempt, outcome, seen)));
        return this;
    }

    public JobStory Lose(Effect effect)
    {
        var attempt = Fold.Effects.InFlight[effect.Id].Attempt;
        Append([new EffectInterrupted(effect.Id, attempt, "the engine died", [])]);
        Append(Fold.Judge(new EffectLost(effect, attempt, "the engine died", [])));
        return this;
    }

    private static DocumentRef Document(string name, string path) => new(name, 1, path, Digest.Of(name), name.Length, $"{name}_v1");

    private static ComponentBinding Component(string contract, bool retrySafe) => new()
    {
        Command = ["/bin/component"],
        Pinned = [],
        Caps = new ProcessCaps { TimeMs = 1000, KillMs = 1500, StdoutBytes = 10, StderrBytes = 10 },
        Sandbox = SandboxLevel.Strict,
        RetrySafe = retrySafe,
        Inherit = [],
        Sha256 = Digest.Of(contract),
    };

    private void Append(IReadOnlyList<Event> events)
    {
        Attached.AddRange(events);
        foreach (var stored in EventEnvelope.Seal(JobLane.StreamOf("0123456789ab"), _head, events, Now, Lane.Events))
        {
            _head = stored.Head;
            var recorded = EventEnvelope.Open(stored.Bytes, Lane.Events);
            (Fold, _) = Fold.Record(recorded);
            Recorded.Add(recorded);
            _ = Lane.Mirror(State, recorded);
            _ = Lane.Rows(State, recorded);
        }
    }
}
