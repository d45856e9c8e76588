using System.Text.Json;
using Assay.Kernel.Effects;
using Assay.Kernel.Streams;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>What the outcome of a stage means: its document comes into force, or the job stops with the reason.</summary>
internal static class StageRule
{
    public static IReadOnlyList<Event> Events(JobState state, EffectReport report)
    {
        var stage = JobEffects.StageOf(report.Effect.Id);
        return report switch
        {
            EffectCompleted { Outcome: ProcessOutcome run } done => OnProcess(state, stage!, run, done.Evidence),
            EffectCompleted { Outcome: AnswerOutcome { Answer.NotDone: { } refusal } } =>
                [new JobFailed(stage ?? JobWorkflow.Spawn, StageRefusals.Refused.Code, refusal, null)],
            EffectCompleted { Outcome: AnswerOutcome { Answer: DossierAnswer run, Stream.Id: var runId } } => OnRun(state, runId, run),
            EffectCompleted { Outcome: AnswerOutcome { Answer: TrialAnswer logged } } => [Registered(state, logged.Trial)],
            EffectCompleted { Outcome: AnswerOutcome } when JobEffects.ChildOf(report.Effect.Id) is { } child => [new Spawned(child, state.ToSpawn.Single(c => c.JobId == child).ProposalId)],
            EffectCompleted when JobEffects.RerunOf(report.Effect.Id) is not null => [],
            EffectLost lost => OnLost(state, stage, lost),
            _ => throw new InvalidOperationException($"a job asks for no effect with {report}"),
        };
    }

    private static IReadOnlyList<Event> OnLost(JobState state, string? stage, EffectLost lost) => stage is null || state.Job.Components[stage].RetrySafe
        ? []
        : [Interrupted(stage, $"{lost.Reason}; the component is not declared retry_safe, so look before you retry")];

    private static IReadOnlyList<Event> OnProcess(JobState state, string stage, ProcessOutcome run, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> evidence)
    {
        if (BudgetRule.EndOf(run) is { } limit) return [BudgetRule.During(state, limit, stage)];
        if (run.KillReason == KillReason.Cancelled && state.Job.Components[stage].RetrySafe) return [];
        if (stage == JobStages.Holdout) return [HoldoutRule.Judge(state, run, evidence)];
        if (StageJudge.ProcessProblem(run) is { } failed) return [Failed(stage, failed)];
        var kind = JobStages.Of(stage);
        var file = run.Files[0];
        ReadOnlyMemory<byte>? content = evidence.TryGetValue(file.Name, out var bytes) ? (ReadOnlyMemory<byte>?)bytes : null;
        var (contract, unusable) = OwnContractRule.Of(kind, state.Job.Components[stage].Contract, evidence);
        if (contract is null) return [Failed(stage, unusable!)];
        if (StageJudge.DocumentProblem(file, content, contract, out var document) is { } wrong) return [Failed(stage, wrong)];
        if (stage == JobStages.Registry) return CardProblem(state, document) is { } card ? [Failed(stage, card)] : [];
        var version = state.VersionsOf(kind.Document) + 1;
        var made = new DocumentRef(
            kind.Document, version, JobPaths.Document(kind, version), file.Sha256!.Value, file.SizeBytes, contract.Name);
        return DocumentRule.Make(state, made, document, Actor.Engine) switch
        {
            (_, { } problem) => [Failed(stage, problem)],
            (ImprovementsProposed proposed, null) when BudgetRule.Propose(state, proposed.Proposals.Length, $"{proposed.Proposals.Length} proposals") is { } stop => [stop],
            ({ } proposed, null) => [proposed],
            _ => throw new InvalidOperationException("neither a document nor a problem"),
        };
    }

    private static IReadOnlyList<Event> OnRun(JobState state, string runId, DossierAnswer run)
    {
        switch (run.End)
        {
            case DossierEnd.Completed:
                return [Completed(state, runId, run)];
            case DossierEnd.Cancelled:
            case DossierEnd.StoppedBudget when !run.IsOwn:
                // That was another job's wish or budget, since a job that is itself cancelled is told nothing here: this one asks for itself.
                return [];
            case DossierEnd.StoppedBudget:
                return [BudgetRule.During(state, run.Rule!, JobStages.Run)];
            default:
                return [new JobFailed(JobStages.Run, run.Rule ?? StageRefusals.Run.Code, run.Message ?? "it failed", null)];
        }
    }

    private static RunCompleted Completed(JobState state, string runId, DossierAnswer run)
    {
        var manifest = DossierManifest.Read(run.Document);
        var completed = new RunCompleted(runId, manifest.RunSha256, Digest.Of(run.Document.Span), manifest.Files, Reused: !run.IsOwn);
        var hidden = DossierLayout.OfHoldouts(state.Segments);
        if (hidden.Count == 0) return completed;
        var open = Blob.Of(manifest.Without(hidden, run.OpenSummary).Bytes());
        return completed with { Open = new OpenDossier(open.Sha256, run.OpenSummary), Attached = [open] };
    }

    private static StageProblem? CardProblem(JobState state, JsonElement card) =>
        card.GetProperty("run_id").GetString() == state.Run!.RunId
            ? null
            : new StageProblem(StageRefusals.RunId, $"the card names another run than {state.Run.RunId}", "/run_id");

    private static RegistryUpdated Registered(JobState state, long trial)
    {
        if (state.Card is not { Sha256: { } sha256 } card || !state.Gates!.Passed) return new RegistryUpdated(trial, null, null);
        var kind = JobStages.Of(JobStages.Registry);
        var version = state.VersionsOf(kind.Document) + 1;
        return new RegistryUpdated(trial, JobIdentity.Short(sha256), new DocumentRef(kind.Document, version, JobPaths.Document(kind, version), sha256, card.SizeBytes, kind.Contract));
    }

    private static JobFailed Interrupted(string stage, string message) => new(stage, StageRefusals.Interrupted.Code, message, null);

    private static JobFailed Failed(string stage, StageProblem problem) => new(stage, problem.Kind.Code, problem.Message, problem.Pointer);
}
