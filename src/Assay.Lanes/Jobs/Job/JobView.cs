using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>A job as lists show it: a row of the table <c>jobs</c>.</summary>
public sealed record JobSummary
{
    /// <summary>The state of a job that was under way when its worker died. The next worker goes on with it.</summary>
    public const string Interrupted = "INTERRUPTED";

    public required string JobId { get; init; }

    public required string Kind { get; init; }

    public required string Title { get; init; }

    public required string State { get; init; }

    /// <summary>The stage or checkpoint at which it stands.</summary>
    public string? Step { get; init; }

    /// <summary>PASS or FAIL, once the gates were evaluated.</summary>
    public string? Verdict { get; init; }

    public string? RunId { get; init; }

    public string? CardId { get; init; }

    public required string RootJobId { get; init; }

    public string? ParentJobId { get; init; }

    public required long Generation { get; init; }

    public required string SnapshotId { get; init; }

    public required string PolicyBundleId { get; init; }

    public required decimal CostUsd { get; init; }

    /// <summary>Time that its stages took.</summary>
    public required long WallClockMs { get; init; }

    public required string SubmittedBy { get; init; }

    public required string SubmittedAt { get; init; }

    public required string UpdatedAt { get; init; }

    /// <summary>Why it ended, where there is something to say.</summary>
    public string? Message { get; init; }

    public static JobSummary Of(LaneRow row) => new()
    {
        JobId = row.Key,
        Kind = row.Text("kind")!,
        Title = row.Text("title")!,
        State = row.Text("state")!,
        Step = row.Text("step"),
        Verdict = row.Text("verdict"),
        RunId = row.Text("run_id"),
        CardId = row.Text("card_id"),
        RootJobId = row.Text("root_job_id")!,
        ParentJobId = row.Text("parent_job_id"),
        Generation = row.Number("generation"),
        SnapshotId = row.Text("snapshot_id")!,
        PolicyBundleId = row.Text("policy_bundle_id")!,
        CostUsd = new Usd(row.Number("cost_micro_usd")).Dollars,
        WallClockMs = row.Number("wall_clock_ms"),
        SubmittedBy = row.Text("submitted_by")!,
        SubmittedAt = row.Text("submitted_at")!,
        UpdatedAt = row.Text("updated_at")!,
        Message = row.Text("message"),
    };
}

/// <summary>A job with what a person needs to decide.</summary>
public sealed record JobView
{
    public required JobSummary Job { get; init; }

    /// <summary>What the stage failed at that it stopped at; left out unless its state is ERROR.</summary>
    public FailureView? Failure { get; init; }

    /// <summary>The decision it waits for; null when it waits for none.</summary>
    public WaitingView? Waiting { get; init; }

    public required ImmutableArray<DocumentView> Documents { get; init; }

    public required ImmutableArray<DecisionView> Decisions { get; init; }

    public required ImmutableArray<StageView> Stages { get; init; }

    public required ImmutableArray<ChildView> Proposals { get; init; }

    public required ImmutableArray<string> Children { get; init; }

    /// <summary>What it is that was run again, and why; null when it is no rerun.</summary>
    public RerunView? Rerun { get; init; }

    /// <summary>The times that it was run again itself; null when it was not.</summary>
    public ImmutableArray<RerunView>? Reruns { get; init; }

    public required BudgetView Budget { get; init; }

    public required PolicyView Policy { get; init; }

    /// <summary>The last event's version; it grows with every change.</summary>
    public required long Version { get; init; }
}

/// <summary>Why a job stopped in ERROR.</summary>
/// <param name="Stage">The stage; for a child <c>spawn</c>.</param>
/// <param name="Rule">The rule that was broken, as a short name.</param>
/// <param name="Message">What happened.</param>
/// <param name="Pointer">Where in the stage's output, when that was the reason.</param>
/// <param name="Stderr">
/// The last lines that the stage's program wrote to its standard error, untrusted; left out where it saw a hold-out, or wrote none.
/// </param>
public sealed record FailureView(string Stage, string Rule, string Message, string? Pointer, ImmutableArray<string>? Stderr);

/// <summary>What a person has to decide, and the digest that the decision must name.</summary>
public sealed record WaitingView(string Step, string Document, string Sha256);

/// <summary>A version of a document.</summary>
public sealed record DocumentView(string Name, int Version, string Path, string Sha256, long SizeBytes, string Contract, bool InForce);

/// <summary>A decision that was taken.</summary>
public sealed record DecisionView(string Step, string Decision, string Sha256, string By, string Via, string? Reason);

/// <summary>One attempt at a stage.</summary>
/// <param name="Stage">The stage; for a child <c>spawn/</c> with its id.</param>
/// <param name="Attempt">1 for the first try.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it is under way.</param>
/// <param name="Result">How it ended; null while it is under way.</param>
/// <param name="CostUsd">What it spent.</param>
public sealed record StageView(string Stage, int Attempt, string StartedAt, string? EndedAt, StageEnd? Result, decimal CostUsd)
{
    /// <summary>
    /// <c>UNCAGED</c> when nothing kept its program away from the machine, <c>NETWORK OPEN</c> when it had the host's own network; else left out.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Isolation { get; init; }

    /// <summary>What its program tried to reach; left out where that was not watched, or nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<EgressAttempt>? Egress { get; init; }

    /// <summary>How many attempts found no place there; left out when all did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EgressUnlisted { get; init; }
}

/// <summary>A blueprint that was proposed to be tried next.</summary>
public sealed record ChildView(string? ProposalId, string Title, string JobId, bool Spawned);

/// <summary>A job that is another one run again.</summary>
/// <param name="JobId">The rerun.</param>
/// <param name="Of">The job that was run again.</param>
/// <param name="Number">1 for the first rerun of that job.</param>
/// <param name="By">Who asked for it.</param>
/// <param name="Reason">Why; null: nobody said.</param>
/// <param name="ChangedComponents">The stages that have other components than in the job that was run again.</param>
/// <param name="Submitted">False until a worker has made it a job.</param>
public sealed record RerunView(
    string JobId, string Of, int Number, string By, string? Reason, ImmutableArray<string> ChangedComponents, bool Submitted);

/// <summary>Limits, and where the counters stand; null: no limit.</summary>
public sealed record BudgetView(
    long? MaxSpawnPerJob, long? MaxTotalIterations, long? MaxProposalsPerJob, decimal? MaxCostUsd, long? MaxWallClockMs,
    long Spawned, long Generation, long Proposals, decimal CostUsd, long WallClockMs, string? StoppedBy);

/// <summary>The bundle in force, and whether its file still says what it said.</summary>
/// <param name="Path">Where it was read.</param>
/// <param name="Id">Its id.</param>
/// <param name="Sha256">The digest of what was read, which stays in force.</param>
/// <param name="File"><c>unchanged</c>, <c>changed</c> or <c>missing</c>.</param>
public sealed record PolicyView(string Path, string Id, string Sha256, string File);

/// <summary>A page of jobs.</summary>
/// <param name="Items">The jobs, the newest first.</param>
/// <param name="NextCursor">Where the next page begins; null: this is the last.</param>
public sealed record JobPage(
    ImmutableArray<JobSummary> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextCursor)
{
    /// <summary>The same under the name that the API's first clients know.</summary>
    public ImmutableArray<JobSummary> Jobs => Items;
}

/// <summary>What a request did to a job.</summary>
/// <param name="JobId">The job; the new one, when it was spawned or is another one run again.</param>
/// <param name="Status">
/// <c>created</c>; <c>exists</c> when the same was submitted before; <c>spawned</c>; <c>rerun</c>; else its state.
/// </param>
public sealed record JobReceipt(string JobId, string Status)
{
    public const string Created = "created";
    public const string Exists = "exists";
    public const string Spawned = "spawned";
    public const string Rerun = "rerun";

    /// <summary>
    /// Of one that exists: the SHA-256 of each component that it was submitted under, or retried with last, by stage; else null.
    /// </summary>
    public ImmutableSortedDictionary<string, string>? Components { get; init; }

    /// <summary>Of one that exists: the stages that would have other components now; else null.</summary>
    public ImmutableArray<string>? ChangedComponents { get; init; }
}

/// <summary>An event as people see it.</summary>
/// <param name="Version">Its place in the job's stream.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="Type">Its name.</param>
/// <param name="By">Who stands behind it.</param>
/// <param name="Message">A sentence, when there is something to say.</param>
/// <param name="Line">Its line of <c>events.jsonl</c>.</param>
public sealed record JobEventView(long Version, DateTimeOffset At, string Type, Actor By, string? Message, string Line)
{
    /// <summary>The checkpoint at which it waits from here on; null: it does not.</summary>
    public string? Waiting { get; init; }
}

/// <summary>Where a job stands according to its <c>events.jsonl</c> alone.</summary>
/// <param name="JobId">The job.</param>
/// <param name="State">As lists name it.</param>
/// <param name="Step">The checkpoint it waits at.</param>
/// <param name="Events">How many events were read.</param>
/// <param name="Approved">The checkpoints that were approved, in order.</param>
/// <param name="Versions">How many events of each version were read.</param>
public sealed record JobReplayResult(
    string JobId, string State, string? Step, int Events, ImmutableArray<string> Approved, ImmutableSortedDictionary<string, int> Versions);

/// <summary>Serializers for what the command line and the API show.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobSummary))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(JobReceipt))]
[JsonSerializable(typeof(DossierView))]
[JsonSerializable(typeof(TrialSummary))]
[JsonSerializable(typeof(TrialView))]
[JsonSerializable(typeof(TrialPage))]
[JsonSerializable(typeof(TradesAnswer))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(CurveAnswer))]
[JsonSerializable(typeof(JobReplayResult))]
public sealed partial class JobViewJson : JsonSerializerContext
{
    /// <summary>As above, with text as it is instead of escapes.</summary>
    public static JobViewJson Shared => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
