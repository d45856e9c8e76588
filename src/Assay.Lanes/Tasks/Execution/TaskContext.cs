using System.Collections.Immutable;
using Assay.Kernel.Effects;

namespace Assay.Lanes.Tasks;

/// <summary>What of its tree an attempt at a task is given (key <c>context</c>).</summary>
/// <param name="Globs">Patterns of the files whose content it is given.</param>
/// <param name="MaxBytes">The most bytes of these together.</param>
internal sealed record TaskContext(ImmutableArray<string> Globs, long MaxBytes)
{
    public const long DefaultBytes = 256 << 10;

    /// <summary>The document in the run root of an attempt.</summary>
    public const string File = "context.json";

    /// <summary>The text in whose place it comes in a request.</summary>
    public const string Place = "{context}";

    /// <summary>Whether it has to be gathered before the adapter has its part.</summary>
    public static bool IsMissing(TaskState task) =>
        task is { Spec.Context: not null, Attempt: { Copy: not null, Attempted: null, Context: null } };

    /// <summary>Reads it from the copy that stays as it was.</summary>
    public static GatherContext Gathered(TaskState task) => new(new TaskEffectId(TaskEffectId.Context, task.Spec.TaskId).ToString())
    {
        Folder = task.Attempt!.Copy!.Folder,
        Origin = task.Spec.WorkingTree!,
        Globs = task.Spec.Context!.Globs,
        MaxBytes = task.Spec.Context.MaxBytes,
    };

    /// <summary>The document as it comes into a request; it has no parts where there is none.</summary>
    public static JoinedDocument Given(TaskState task) => new(Place, "", task.Attempt?.Context is { Sha256: { } sha256 } ? [sha256] : [], "");
}
