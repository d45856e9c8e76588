using Assay.Kernel.Effects;
using Assay.Kernel.Lanes;

namespace Assay.Lanes.Jobs;

/// <summary>
/// What is said of a run whose files of hold-outs are not in order: which file, and no word of what stands in it, since names of keys and
/// of files, values and sizes can all hold a figure. The reason of a failed run is told to whoever looks at the job.
/// </summary>
internal static class SealedRule
{
    /// <summary>The folder of the hold-out that a file of a dossier lies in; null when it lies in none.</summary>
    public static string? FolderOf(DossierDeclared run, string name) => run.Segments.Where(s => s.Holdout)
        .Select(s => DossierLayout.Segment(s.SegmentId, "")).FirstOrDefault(f => name.StartsWith(f, StringComparison.Ordinal));

    /// <summary>A problem of a collected document: as it is, or without its words where the document speaks of a hold-out.</summary>
    /// <param name="run">The run.</param>
    /// <param name="file">As it was collected.</param>
    /// <param name="contract">The contract that it breaks.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static StageProblem Of(DossierDeclared run, CollectedFile file, string contract, StageProblem problem)
    {
        var name = file.Name[(StageProcess.OutputFolder.Length + 1)..];
        if (!DossierLayout.OfHoldouts(run.Segments).Any(h => name.StartsWith(h, StringComparison.Ordinal))) return problem;
        var what = problem.Kind == JobRefusals.Contract ? $"breaks {contract}" : "cannot be read";
        return Problem(run, problem.Kind, $"{name} {what}");
    }

    /// <summary>A problem of a hold-out in words that hold nothing of it, with the place where it can be looked at.</summary>
    public static StageProblem Problem(DossierDeclared run, RefusalKind kind, string message, string? pointer = null)
    {
        var place = $"{JobPaths.DossierRunRoot(run.RunId)}/{StageProcess.OutputFolder}";
        return new StageProblem(kind, $"{message}: what it says stays sealed, look in {place} of the workspace", pointer);
    }
}
