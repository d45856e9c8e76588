using System.Text.Json.Nodes;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>The lines of a job's <c>events.jsonl</c>: contracts <c>job_event_v2</c> and <c>job_event_v3</c>.</summary>
internal static class JobLog
{
    public const string Version = "job_event_v2";

    /// <summary>Of the events that version 2 does not know. The others keep it, so that who reads that one goes on reading them.</summary>
    public const string NextVersion = "job_event_v3";

    /// <summary>The contract's limit.</summary>
    private const int MaxMessage = 4_000;

    /// <summary>
    /// One line with its break. It is recorded with its event, so the wording may change; what a line holds is the contract's.
    /// </summary>
    /// <param name="state">The state that contains the event.</param>
    /// <param name="recorded">One of the lane's own events.</param>
    public static byte[] Line(JobState state, RecordedEvent recorded)
    {
        var body = (JobEvent)recorded.Body;
        var (message, outputs) = Describe(body);
        var actor = ActorOf(body);
        var line = new JsonObject
        {
            ["schema_version"] = body is JobRerunRequested ? NextVersion : Version,
            ["job_id"] = state.Job.JobId,
            ["event_type"] = JobLane.Instance.Events.NameOf(body),
            ["extensions"] = new JsonObject { ["recorded_at"] = RecordedTime.Text(recorded.At), ["actor"] = actor.Name, ["via"] = actor.Via },
            ["stream"] = JobLane.StreamOf(state.Job.JobId).ToString(),
            ["version"] = recorded.Version,
        };
        if (message is not null) line["message"] = BoundedText.Cut(message, MaxMessage);
        if (outputs.Count > 0) line["outputs"] = outputs;
        return JsonLine.Of(line);
    }

    /// <summary>Who stands behind an event.</summary>
    public static Actor ActorOf(JobEvent body) => body switch
    {
        JobSubmitted submitted => submitted.By,
        DocumentMade made => made.By,
        Approved approved => approved.By,
        Rejected rejected => rejected.By,
        SpawnRequested requested => requested.By,
        JobCancelRequested requested => requested.By,
        JobRetried retried => retried.By,
        JobRerunRequested rerun => rerun.By,
        _ => Actor.Engine,
    };

    /// <summary>An event in a sentence, and what it refers to.</summary>
    public static (string? Message, JsonObject Outputs) Describe(JobEvent body) => body switch
    {
        JobSubmitted submitted => (submitted.Job.Title, Reference(submitted.Job.Input)),
        GatesCompleted gates => ($"{gates.GatesPassed} passed, {gates.GatesFailed} failed", With(Reference(gates.Document), ("verdict", gates.Passed ? "PASS" : "FAIL"))),
        ImprovementsProposed improvements => (improvements.Proposals.Length == 1 ? "1 proposal" : $"{improvements.Proposals.Length} proposals", Reference(improvements.Document)),
        DocumentMade made => (made.By.IsPerson ? $"{made.By.Name} replaced {made.Document.Name}" : null, Reference(made.Document)),
        WaitingApproval waiting => ($"waits for a decision on {waiting.Step}", Step(waiting.Step, waiting.Sha256)),
        Approved approved => (approved.Reason, Step(approved.Step, approved.Sha256)),
        Rejected rejected => (rejected.Reason, With(Step(rejected.Step, rejected.Sha256), ("replaced", rejected.Replaced))),
        RunCompleted run => (run.Reused ? "the dossier was there already" : null, new JsonObject
        {
            ["run_id"] = run.RunId,
            ["dossier_manifest_sha256"] = run.ToldManifestSha256.ToString(),
        }),
        RegistryUpdated registered => (null, With(new JsonObject { ["trial"] = registered.Trial }, ("card_id", registered.CardId))),
        SpawnRequested requested => (requested.Child.Title, new JsonObject { ["child_job_id"] = requested.Child.JobId }),
        Spawned spawned => (null, With(new JsonObject { ["child_job_id"] = spawned.ChildJobId }, ("proposal_id", spawned.ProposalId))),
        StoppedBudget stopped => (stopped.Text, new JsonObject
        {
            ["reason"] = stopped.Reason,
            ["limit"] = stopped.Limit,
            ["counters"] = new JsonObject
            {
                ["spawned"] = stopped.Counters.Spawned,
                ["generation"] = stopped.Counters.Generation,
                ["proposals"] = stopped.Counters.Proposals,
                ["cost_micro_usd"] = stopped.Counters.Cost.Micros,
                ["wall_clock_ms"] = stopped.Counters.WallClockMs,
            },
        }),
        JobCancelRequested requested => (requested.Reason, []),
        JobFailed failed => (failed.Message, With(new JsonObject { ["stage"] = failed.Stage, ["rule"] = failed.Rule }, ("pointer", failed.Pointer))),
        JobRetried retried => (retried.Reason, []),
        JobRerunRequested { Job: { Lineage.Rerun: { } rerun } job } => (rerun.Reason, new JsonObject
        {
            ["rerun_job_id"] = job.JobId,
            ["rerun"] = rerun.Number,
            ["changed_components"] = new JsonArray([.. rerun.Changed.Select(s => (JsonNode)s)]),
        }),
        JobCancelled or JobDone => (null, []),
        _ => throw new InvalidOperationException($"a job records no {body.GetType().Name}"),
    };

    private static JsonObject Reference(DocumentRef document) =>
        new() { [document.Name] = new JsonObject { ["path"] = document.Path, ["sha256"] = document.Sha256.ToString(), ["contract"] = document.Contract } };

    private static JsonObject Step(string step, Digest sha256) => new() { ["step"] = step, ["sha256"] = sha256.ToString() };

    private static JsonObject With(JsonObject target, (string Key, JsonNode? Value) more)
    {
        if (more.Value is not null) target[more.Key] = more.Value;
        return target;
    }
}
