using System.Collections.Immutable;
using Assay.Kernel.Effects;
using Assay.Kernel.Trees;
using Assay.Lanes.Shared;

namespace Assay.Lanes.Tasks;

/// <summary>What is recorded of a change that a task made.</summary>
internal static class PatchRule
{
    private const int MaxFiles = 200;
    private const int MaxNameChars = 8_000;

    /// <summary>
    /// A change that broke a rule, or failed its tests, is kept away for good; any other that is not used is merely dropped.
    /// </summary>
    public static bool IsDangerous(TaskFailure? failure) => failure is TaskFailure.PolicyViolation or TaskFailure.AcceptanceFailed;

    /// <summary>The patch of a change; null when nothing changed.</summary>
    public static PatchDeclaration? Declare(ExecutionState state, TaskState task, ChangesOutcome outcome, ChangeSet? changes) => changes is null
        ? null
        : new PatchDeclaration
        {
            PatchId = changes.PatchId,
            DiffSha256 = changes.DiffSha256,
            DiffBytes = outcome.DiffBytes,
            ChangesSha256 = outcome.ChangesSha256!.Value,
            BaseTreeSha256 = changes.BaseTreeSha256,
            RunId = state.Declared.RunId,
            TaskId = task.Spec.TaskId,
            Attempt = task.Attempts,
            WorkingTree = task.Spec.WorkingTree!,
            FileCount = changes.Files.Length,
            Files = Names(changes),
            Added = changes.Added,
            Removed = changes.Removed,
        };

    /// <summary>What is to be said of a patch that has come into the real tree, or left it; null: nothing.</summary>
    public static string? Said(ApplyOutcome outcome, bool untested)
    {
        List<string> said = [];
        if (untested) said.Add("not tested on this tree");
        if (!outcome.Merged.IsEmpty) said.Add($"merged {string.Join(", ", outcome.Merged)}");
        if (outcome.Kept is { IsDefaultOrEmpty: false } kept) said.Add($"written meanwhile, and kept: {string.Join(", ", kept)}");
        return said.Count == 0 ? null : BoundedText.Cut(string.Join("; ", said), 1_000);
    }

    private static ImmutableArray<string> Names(ChangeSet changes)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        var chars = 0;
        foreach (var file in changes.Files.Take(MaxFiles))
        {
            chars += file.Path.Length;
            if (chars > MaxNameChars) break;
            names.Add(file.Path);
        }

        return names.ToImmutable();
    }
}
