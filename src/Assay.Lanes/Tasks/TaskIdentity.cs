using Assay.Kernel.Json;
using Assay.Kernel.Streams;

namespace Assay.Lanes.Tasks;

/// <summary>The identities of what a run is made of.</summary>
public static class TaskIdentity
{
    private const int ProjectIdDigits = 16;

    /// <summary>The id of a project's stream: the beginning of the digest of its path. The stream keeps the path itself and refuses another.</summary>
    public static string ProjectId(string root) => Digest.Of(root).Short(ProjectIdDigits);

    public static Digest Of(AdapterSpec adapter) => Digest.Of(CanonicalJson.Serialize(adapter, TaskJson.Default.AdapterSpec));

    public static Digest Of(TaskSpec task) => Digest.Of(CanonicalJson.Serialize(task, TaskJson.Default.TaskSpec));
}
