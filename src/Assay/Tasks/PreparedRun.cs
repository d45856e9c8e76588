using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>
/// A project's task queue, routing and adapters, read once and checked. What runs is what was read, whatever happens to the files afterwards.
/// </summary>
public sealed class PreparedRun
{
    internal PreparedRun(DeclareExecution declare, string? adaptersPath) => (Declare, AdaptersPath) = (declare, adaptersPath);

    /// <summary>The run's name.</summary>
    public string RunId => Declare.Execution.RunId;

    /// <summary>The project's folder, as an absolute path.</summary>
    public string ProjectRoot => Declare.Execution.ProjectRoot;

    /// <summary>The adapters' file; null: the project's own.</summary>
    public string? AdaptersPath { get; }

    internal DeclareExecution Declare { get; }
}
