using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>What a job's stream records, beside the effects (lane document: Jobs, Events).</summary>
internal abstract record JobEvent : Event;

/// <summary>A job has come into being.</summary>
internal abstract record JobSubmitted(JobDeclaration Job, Actor By) : JobEvent;

internal sealed record BlueprintSubmitted(JobDeclaration Job, Actor By) : JobSubmitted(Job, By);

internal sealed record IdeaSubmitted(JobDeclaration Job, Actor By) : JobSubmitted(Job, By);

/// <summary>A document has come into force: a component made it, or a person put it in the place of a rejected one.</summary>
internal abstract record DocumentMade(DocumentRef Document, Actor By) : JobEvent;

internal sealed record BlueprintProposed(DocumentRef Document, Actor By) : DocumentMade(Document, By);

internal sealed record StrategySpecProposed(DocumentRef Document, Actor By) : DocumentMade(Document, By);

internal sealed record RunspecCompiled(DocumentRef Document, Actor By, ImmutableArray<SegmentRef> Segments) : DocumentMade(Document, By);

internal sealed record TracePreviewCompleted(DocumentRef Document, Actor By) : DocumentMade(Document, By);

/// <summary>
/// The hold-outs were judged. It has no line in the job's log, which is of the lane's own steps: the gates' verdict contains it.
/// </summary>
internal sealed record HoldoutsJudged(DocumentRef Document, ImmutableArray<HoldoutVerdict> Verdicts) : Event;

/// <summary>Whether a hold-out passed a gate.</summary>
internal sealed record HoldoutVerdict(string GateId, string SegmentId, bool Passed);

/// <summary>The gates were evaluated; the verdict follows from their evidence alone.</summary>
internal sealed record GatesCompleted(DocumentRef Document, Actor By, bool Passed, int GatesPassed, int GatesFailed) : DocumentMade(Document, By);

internal sealed record ReportCompleted(DocumentRef Document, Actor By) : DocumentMade(Document, By);

internal sealed record ImprovementsProposed(DocumentRef Document, Actor By, ImmutableArray<ChildJob> Proposals) : DocumentMade(Document, By);

/// <summary>The job stops here until a person decides on the document with this digest.</summary>
internal sealed record WaitingApproval(string Step, Digest Sha256) : JobEvent;

internal sealed record Approved(string Step, Digest Sha256, Actor By, string? Reason) : JobEvent;

/// <summary>A person turned the document down. With a replacement it is proposed anew, else the job has ended.</summary>
internal sealed record Rejected(string Step, Digest Sha256, Actor By, string Reason, bool Replaced) : JobEvent;

/// <summary>The dossier is complete.</summary>
/// <param name="RunId">The run's name.</param>
/// <param name="RunSha256">Its full identity.</param>
/// <param name="ManifestSha256">The digest of dossier_manifest.json, which is told nobody where there are hold-outs.</param>
/// <param name="Files">The dossier's files.</param>
/// <param name="Reused">An earlier job had run the same already.</param>
internal sealed record RunCompleted(string RunId, Digest RunSha256, Digest ManifestSha256, ImmutableArray<DossierFile> Files, bool Reused) : JobEvent
{
    /// <summary>The dossier as stages may see it that may not see the hold-outs; null where there are none.</summary>
    public OpenDossier? Open { get; init; }

    /// <summary>
    /// The digest that is told: of the manifest without hold-outs. One over the digests of all files would let whoever knows the others
    /// find a held figure by trying them all.
    /// </summary>
    [JsonIgnore]
    public Digest ToldManifestSha256 => Open?.Manifest ?? ManifestSha256;
}

/// <summary>A dossier without its hold-outs. Digests are left out with the files: a short document could be guessed from one.</summary>
/// <param name="Manifest">The manifest without their files.</param>
/// <param name="Summary">The summary without their entries; null where the run was made before there was one.</param>
internal sealed record OpenDossier(Digest Manifest, DossierFile? Summary);

/// <summary>The trial is in the registry's log, and a card was registered if the gates passed.</summary>
internal sealed record RegistryUpdated(long Trial, string? CardId, DocumentRef? Card) : JobEvent;

/// <summary>Somebody asked for a job of this blueprint.</summary>
internal sealed record SpawnRequested(ChildJob Child, Actor By) : JobEvent;

/// <summary>A child has been submitted.</summary>
internal sealed record Spawned(string ChildJobId, string? ProposalId) : JobEvent;

/// <summary>A limit forbids the next action; nothing of it was done.</summary>
/// <param name="Reason">The limit's name in the budget policy.</param>
/// <param name="Limit">The limit: a count, milliseconds, or millionths of a dollar.</param>
/// <param name="Action">What was not done, or was ended.</param>
/// <param name="Counters">Where the counters stood.</param>
internal sealed record StoppedBudget(string Reason, long Limit, string Action, JobCounters Counters) : JobEvent
{
    /// <summary>The same in a sentence.</summary>
    [JsonIgnore]
    public string Text => $"{Reason} forbids {Action}";
}

/// <summary>What a job has used of its budget.</summary>
internal sealed record JobCounters(
    long Spawned, long Generation, long Proposals, [property: JsonPropertyName("cost_micro_usd")] Usd Cost, long WallClockMs);

/// <summary>Somebody asked to end it; what is under way is being ended.</summary>
internal sealed record JobCancelRequested(Actor By, string? Reason) : JobEvent;

internal sealed record JobCancelled : JobEvent;

/// <summary>A stage could not be completed; nothing of what it left is used.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Rule">The rule that was broken, as a short name.</param>
/// <param name="Message">What happened, for a person.</param>
/// <param name="Pointer">Where in its output, when that was the reason.</param>
internal sealed record JobFailed(string Stage, string Rule, string Message, string? Pointer) : JobEvent;

/// <summary>An operator lets the failed stage be tried again.</summary>
/// <param name="By">Who.</param>
/// <param name="Reason">Why, in that person's words.</param>
/// <param name="Components">The components as they are now; null: unchanged.</param>
internal sealed record JobRetried(Actor By, string? Reason, ImmutableSortedDictionary<string, ComponentBinding>? Components) : JobEvent;

/// <summary>Somebody asked for the same specification to be run again.</summary>
/// <param name="Job">The job that it becomes; why stands in its lineage.</param>
/// <param name="By">Who.</param>
internal sealed record JobRerunRequested(JobDeclaration Job, Actor By) : JobEvent;

/// <summary>The workflow has come to its end.</summary>
internal sealed record JobDone : JobEvent;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BlueprintSubmitted))]
[JsonSerializable(typeof(IdeaSubmitted))]
[JsonSerializable(typeof(BlueprintProposed))]
[JsonSerializable(typeof(StrategySpecProposed))]
[JsonSerializable(typeof(RunspecCompiled))]
[JsonSerializable(typeof(TracePreviewCompleted))]
[JsonSerializable(typeof(HoldoutsJudged))]
[JsonSerializable(typeof(GatesCompleted))]
[JsonSerializable(typeof(ReportCompleted))]
[JsonSerializable(typeof(ImprovementsProposed))]
[JsonSerializable(typeof(WaitingApproval))]
[JsonSerializable(typeof(Approved))]
[JsonSerializable(typeof(Rejected))]
[JsonSerializable(typeof(RunCompleted))]
[JsonSerializable(typeof(RegistryUpdated))]
[JsonSerializable(typeof(SpawnRequested))]
[JsonSerializable(typeof(Spawned))]
[JsonSerializable(typeof(StoppedBudget))]
[JsonSerializable(typeof(JobCancelRequested))]
[JsonSerializable(typeof(JobCancelled))]
[JsonSerializable(typeof(JobFailed))]
[JsonSerializable(typeof(JobRetried))]
[JsonSerializable(typeof(JobRerunRequested))]
[JsonSerializable(typeof(JobDone))]
[JsonSerializable(typeof(DossierDeclared))]
[JsonSerializable(typeof(DossierFailed))]
[JsonSerializable(typeof(DossierJudged))]
[JsonSerializable(typeof(DossierFinished))]
[JsonSerializable(typeof(DossierCancelRequested))]
[JsonSerializable(typeof(TrialLogged))]
[JsonSerializable(typeof(RunIdentityDocument))]
[JsonSerializable(typeof(StageInput))]
[JsonSerializable(typeof(ModelCall))]
[JsonSerializable(typeof(GateResults))]
[JsonSerializable(typeof(ImmutableArray<HoldoutGate>))]
[JsonSerializable(typeof(DossierAnswer))]
[JsonSerializable(typeof(TrialAnswer))]
[JsonSerializable(typeof(SubmitAnswer))]
internal sealed partial class JobJson : JsonSerializerContext;
