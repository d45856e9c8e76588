using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Jobs;

/// <summary>Makes of a job's state what people see.</summary>
internal static class JobViews
{
    /// <param name="state">The job.</param>
    /// <param name="summary">Its row.</param>
    /// <param name="version">Its stream's last version.</param>
    /// <param name="lost">Effects whose engine is gone.</param>
    /// <param name="bundle">Whether the bundle's file is <c>unchanged</c>, <c>changed</c> or <c>missing</c>.</param>
    /// <param name="stderr">The last lines of what failed, as far as they may be shown.</param>
    public static JobView Of(
        JobState state, JobSummary summary, long version, IReadOnlySet<string> lost, string bundle, ImmutableArray<string>? stderr) => new()
        {
            Job = summary,
            Failure = state is { Phase: JobPhase.Error, Failure: { } failed }
            ? new FailureView(failed.Stage, failed.Rule, failed.Message, failed.Pointer, stderr)
            : null,
            Waiting = state.Waiting is { } waiting && state.Next is JobStep.Checkpoint checkpoint ? new WaitingView(waiting.Step, checkpoint.Document, waiting.Sha256.ToString()) : null,
            Documents =
        [
            .. state.History.Where(d => d.Path.Length > 0)
                .Select(d => new DocumentView(d.Name, d.Version, d.Path, d.Sha256.ToString(), d.SizeBytes, d.Contract, state.Document(d.Name) == d)),
        ],
            Decisions =
        [
            .. state.Approvals.Select(a => new DecisionView(a.Step, "APPROVED", a.Sha256.ToString(), a.By.Name, a.By.Via, a.Reason)),
            .. state.Rejections.Select(r => new DecisionView(r.Step, "REJECTED", r.Sha256.ToString(), r.By.Name, r.By.Via, r.Reason)),
        ],
            Stages = [.. state.Stages.Select(s => Stage(s, lost))],
            Proposals = [.. state.Proposals.Select(p => new ChildView(p.ProposalId, p.Title, p.JobId, state.Children.Any(c => c.ChildJobId == p.JobId)))],
            Children = [.. state.Children.Select(c => c.ChildJobId)],
            Rerun = state.Job.Lineage.Rerun is null ? null : Rerun(state.Job, state.Submitted!.By, isSubmitted: true),
            Reruns = state.Reruns.IsEmpty ? null : [.. state.Reruns.Select(r => Rerun(r.Job, r.By, !state.ToRerun.Contains(r)))],
            Budget = Budget(state),
            Policy = new PolicyView(state.Job.Bundle.Path, state.Job.Bundle.Id, state.Job.Bundle.Sha256.ToString(), bundle),
            Version = version,
        };

    /// <summary>What is said of a submission that was there before.</summary>
    /// <param name="state">The job that is there.</param>
    /// <param name="asked">The same, as it would be submitted now.</param>
    public static JobReceipt Existing(JobState state, JobDeclaration asked) => new(state.Job.JobId, JobReceipt.Exists)
    {
        Components = state.Job.Components.ToImmutableSortedDictionary(c => c.Key, c => c.Value.Sha256.ToString(), StringComparer.Ordinal),
        ChangedComponents = RerunRule.Changed(state.Job.Components, asked.Components),
    };

    private static RerunView Rerun(JobDeclaration job, Actor by, bool isSubmitted)
    {
        var rerun = job.Lineage.Rerun!;
        return new RerunView(job.JobId, job.Lineage.ParentJobId!, rerun.Number, by.Name, rerun.Reason, rerun.Changed, isSubmitted);
    }

    internal static StageView Stage(StageRun run, IReadOnlySet<string> lost) => new(
        JobEffects.StageOf(run.EffectId) ?? run.EffectId, run.Attempt, RecordedTime.Text(run.StartedAt),
        run.EndedAt is { } end ? RecordedTime.Text(end) : null,
        run.End ?? (lost.Contains(run.EffectId) ? StageEnd.Interrupted : null),
        run.Cost.Dollars)
    {
        Isolation = CageNote.Of(run.IsUncaged, run.IsNetworkOpen),
        Egress = run.Egress is { Attempts.IsEmpty: false } egress ? egress.Attempts : null,
        EgressUnlisted = run.Egress is { Unlisted: > 0 and var unlisted } ? unlisted : null,
    };

    private static BudgetView Budget(JobState state)
    {
        var (limits, used) = (state.Job.Budget, state.Counters);
        return new BudgetView(
            limits.MaxSpawnPerJob, limits.MaxTotalIterations, limits.MaxProposalsPerJob, limits.MaxCost?.Dollars, limits.MaxWallClockMs,
            used.Spawned, used.Generation, used.Proposals, used.Cost.Dollars, used.WallClockMs, state.Stopped?.Reason);
    }
}
