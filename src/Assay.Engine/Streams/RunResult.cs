using Assay.Kernel.Lanes;
using Assay.Ledger;

namespace Assay.Engine.Streams;

/// <summary>How an engine's work on one stream ended.</summary>
public abstract record RunResult
{
    private RunResult()
    {
    }

    /// <summary>The lane has finished.</summary>
    public sealed record Finished(object State) : RunResult;

    /// <summary>The lane waits for something from outside.</summary>
    public sealed record Waiting(object State, Work.Wait For) : RunResult;

    /// <summary>There is more to do, which is left to another engine or a later time.</summary>
    public sealed record Drained(object State) : RunResult;

    /// <summary>Another engine owns the stream, or another runner of this one.</summary>
    public sealed record Owned(WorkerSession By) : RunResult;
}
