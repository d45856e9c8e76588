using System.Collections.Frozen;
using Assay.Inputs;
using Assay.Kernel.Contracts;
using Assay.Kernel.Json;
using Assay.Lanes.Queue;

namespace Assay.Queue;

/// <summary><c>queue.json</c> as it stands.</summary>
internal static class QueueFile
{
    private const string Version = "queue_v1";

    /// <summary>Reads a queue, or says everything that is wrong with it. Nothing is written.</summary>
    /// <param name="root">The queue's folder.</param>
    public static Checked<InputDocument> Load(string root)
    {
        var path = Path.Combine(root, QueuePaths.Queue);
        var document = DocumentFile.ReadAny(path, maxBytes: QueueRule.MaxBytes).Document;
        if (document.IsValid) document = ContractCatalog.Of(Version).CheckUnnamed(document.Value);
        if (!document.IsValid) return document;
        var problems = QueueRule.Problems(document.Value, FrozenDictionary<string, string>.Empty).ToList();
        return problems.Count > 0 ? Checked<InputDocument>.Refused(problems) : document;
    }

    /// <summary>What is wrong with the files of a queue's folder: the constraints, which there must be, and the queue, where there is one.</summary>
    public static IReadOnlyList<InputProblem> Check(string root)
    {
        var constraints = Constraints.Check(root);
        return Path.Exists(Path.Combine(root, QueuePaths.Queue)) ? [.. constraints, .. Load(root).Problems] : constraints;
    }
}
