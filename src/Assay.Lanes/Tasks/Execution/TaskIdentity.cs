using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>The identities of what a run is made of.</summary>
internal static class TaskIdentity
{
    private const int ProjectIdDigits = 16;

    /// <summary>The id of a project's stream: the beginning of the digest of its path. The stream keeps the path itself and refuses another.</summary>
    public static string ProjectId(string root) => Digest.Of(root).Short(ProjectIdDigits);

    public static Digest Of(AdapterSpec adapter) =>
        Digest.Of(CanonicalJson.Serialize(adapter with { Grants = Declared(adapter.Grants) }, TaskJson.Default.AdapterSpec));

    public static Digest Of(TaskSpec task)
    {
        // Runs that earlier builds declared do not say who decides on attempts, and go on as they were declared.
        var declared = task with
        {
            LeavesAttemptsToAdapter = false,
            AcceptanceTests = [.. task.AcceptanceTests.Select(t => t with { Grants = Declared(t.Grants) })],
        };
        return Digest.Of(CanonicalJson.Serialize(declared, TaskJson.Default.TaskSpec));
    }

    /// <summary>A document without grants is the same as one from before there were any.</summary>
    private static Grants? Declared(Grants? grants) => grants is { IsNone: true } ? null : grants;
}
