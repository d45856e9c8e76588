namespace Assay.Ledger;

/// <summary>What was committed since somebody looked.</summary>
public interface ICommitTailReader
{
    /// <summary>Which streams have events behind a position.</summary>
    ValueTask<StreamChanges> ChangesAsync(long afterPosition);
}

/// <summary>The same, and who calls when there is something.</summary>
public interface ICommitTail : ICommitTailReader
{
    /// <summary>
    /// Calls after commits of this process or another one, within milliseconds, from any thread: once for all that came since the last
    /// call, and now and then for nothing. What came is to be asked for, and the call must return soon and throw nothing.
    /// </summary>
    /// <returns>What ends it.</returns>
    IDisposable Listen(Action heard);
}
