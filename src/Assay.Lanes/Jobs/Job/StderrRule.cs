using Assay.Kernel.Effects;

namespace Assay.Lanes.Jobs;

/// <summary>
/// Whether the standard error of what failed may be shown: never of a program that saw a hold-out, since one line of it can hold a figure.
/// </summary>
internal static class StderrRule
{
    /// <summary>Of the stage that a job stopped at; null when there is none, or it may not be shown. A run's is its own.</summary>
    public static Captured? Of(JobState job) => job.Failure is { } failure && !HoldoutRule.Sees(job.Job, failure.Stage)
        ? job.Stages.LastOrDefault(s => JobEffects.StageOf(s.EffectId) == failure.Stage)?.Stderr
        : null;

    /// <summary>Of a run that failed; null when there is none, or it may not be shown.</summary>
    public static Captured? Of(DossierState run) =>
        run.Failure is not null && !run.Declared.Segments.Any(s => s.Holdout) ? run.Stderr : null;
}
