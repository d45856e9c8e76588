using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Assay.Kernel.Contracts;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>
/// What leaves a hold-out: one bit for each gate that the policy declares and each hold-out of the run, judged once, by a process of its
/// own (lane document: Jobs, Added after trials). Its words, figures, logs, exit code and cost stay where they are.
/// </summary>
internal static class HoldoutRule
{
    /// <summary>The contract of its answer, and of the document that is made of it.</summary>
    public const string Contract = "holdout_results_v1";

    /// <summary>The most answers that there can be, as of other gates.</summary>
    private const int MostAnswers = 200;

    /// <summary>
    /// Whether the job was submitted before hold-outs were judged apart: then its gates judge them, by the rules of that time and without a
    /// reason for anything, since a figure went that way once.
    /// </summary>
    public static bool IsOfEarlierBuild(JobDeclaration job) => job.HoldoutGates.IsDefault;

    /// <summary>Whether a stage sees the hold-outs.</summary>
    public static bool Sees(JobDeclaration job, string stage) =>
        stage == JobStages.Holdout || (stage == JobStages.Gates && IsOfEarlierBuild(job));

    /// <summary>Whether the hold-outs have to be judged before the gates.</summary>
    public static bool IsDue(JobState state) => !IsOfEarlierBuild(state.Job) && IsMissing(state);

    /// <summary>Why hold-outs cannot be judged, so that nothing has to run in vain; null when they can, or there are none.</summary>
    public static StageProblem? Missing(JobDeclaration job, ImmutableArray<SegmentRef> segments)
    {
        if (IsOfEarlierBuild(job) || segments.FirstOrDefault(s => s.Holdout) is not { } segment) return null;
        var what = $"{segment.SegmentId} is held out, and ";
        if (job.HoldoutGates.IsEmpty) return new StageProblem(JobRefusals.Holdout, what + "the evaluation policy declares no holdout_gates");
        if (segments.Count(s => s.Holdout) * job.HoldoutGates.Length > MostAnswers)
        {
            return new StageProblem(JobRefusals.Holdout, $"{what}there are more than {MostAnswers} answers to give: hold-outs times holdout_gates");
        }

        return job.Components.ContainsKey(JobStages.Holdout)
            ? null
            : new StageProblem(JobRefusals.Holdout, what + "the component gates has no holdout_command, which alone may judge it");
    }

    /// <summary>The event that follows from the process's end, or why there is none. Of an end that is no answer nothing is told.</summary>
    public static Event Judge(JobState state, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        if (run.StartError is { } start) return new JobFailed(JobStages.Holdout, StageRefusals.Start.Code, start, null);
        if (run.Problem is { } problem) return new JobFailed(JobStages.Holdout, StageRefusals.Engine.Code, problem, null);
        if (Verdicts(state, run, evidence) is not { } verdicts)
        {
            var sealedWords = "the hold-outs were not judged: the process did not end with one answer for each gate and hold-out; "
                + $"how it ended stays sealed, and what it said stands in {JobPaths.Log(state.Job, JobStages.Holdout, "stderr")}, which no stage, page or API shows";
            return new JobFailed(JobStages.Holdout, StageRefusals.Holdout.Code, sealedWords, null);
        }

        var kind = JobStages.Of(JobStages.Holdout);
        var document = Blob.Of(Document(verdicts));
        var made = new DocumentRef(kind.Document, 1, JobPaths.Document(kind, 1), document.Sha256, document.Bytes.Length, Contract);
        return new HoldoutsJudged(made, verdicts) { Attached = [document] };
    }

    /// <summary>Whether every hold-out was judged, without which nothing may pass.</summary>
    public static bool AreJudged(JobState state, GateResults results) => IsOfEarlierBuild(state.Job)
        ? state.Segments.Where(s => s.Holdout).All(s => results.Gates.Any(g => g.SegmentId == s.SegmentId))
        : !IsMissing(state);

    private static bool IsMissing(JobState state) => state.Holdouts is null && state.Segments.Any(s => s.Holdout);

    /// <summary>One verdict for each declared gate and each hold-out, in that order; null when the answer is anything else.</summary>
    private static ImmutableArray<HoldoutVerdict>? Verdicts(JobState state, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        if (StageJudge.ProcessProblem(run) is not null) return null;
        var file = run.Files[0];
        ReadOnlyMemory<byte>? content = evidence.TryGetValue(file.Name, out var bytes) ? (ReadOnlyMemory<byte>?)bytes : null;
        if (StageJudge.DocumentProblem(file, content, ContractCatalog.Of(Contract), out var document) is not null) return null;
        var answered = new Dictionary<(string Gate, string Segment), bool>();
        foreach (var gate in document.GetProperty("gates").EnumerateArray())
        {
            var key = (gate.GetProperty("gate_id").GetString()!, gate.GetProperty("segment_id").GetString()!);
            if (!answered.TryAdd(key, gate.GetProperty("status").GetString() == "PASS")) return null;
        }

        var wanted = Wanted(state);
        return answered.Count == wanted.Count && wanted.TrueForAll(answered.ContainsKey)
            ? [.. wanted.Select(w => new HoldoutVerdict(w.Gate, w.Segment, answered[w]))]
            : null;
    }

    private static List<(string Gate, string Segment)> Wanted(JobState state) =>
        [.. state.Job.HoldoutGates.SelectMany(g => state.Segments.Where(s => s.Holdout).Select(s => (g.GateId, s.SegmentId)))];

    /// <summary>Made here, since spaces and the order of keys can hold a figure too.</summary>
    private static byte[] Document(ImmutableArray<HoldoutVerdict> verdicts) => JsonLine.Canonical(new JsonObject
    {
        ["schema_version"] = Contract,
        ["gates"] = new JsonArray([.. verdicts.Select(v => new JsonObject
        {
            ["gate_id"] = v.GateId, ["segment_id"] = v.SegmentId, ["status"] = v.Passed ? "PASS" : "FAIL",
        })]),
    });
}
