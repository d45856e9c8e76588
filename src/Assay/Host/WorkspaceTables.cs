using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Ledger;

namespace Assay.Host;

/// <summary>The tables of all lanes of this build, in a workspace.</summary>
public static class WorkspaceTables
{
    /// <summary>Is told when making them takes longer than a second; a command line sets it.</summary>
    public static Action<RebuildProgress>? Progress { get; set; }

    /// <summary>Makes sure that they are there and as this build has them.</summary>
    /// <exception cref="LedgerException">They are not, and an engine of another build is at work.</exception>
    public static Task ReadyAsync(Workspace workspace) => workspace.MakeTablesAsync(Progress);

    /// <summary>Makes all of them from the events, and keeps the folds of long streams. Returns how many tables there are.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="tell">Is told of each fold that could not be kept.</param>
    public static async Task<int> RebuildAsync(Workspace workspace, Action<FoldNotKept> tell)
    {
        var made = await workspace.MakeTablesAsync(Progress, all: true);
        await StreamLoad.KeepAllAsync(workspace.Store, workspace.Lanes, tell);
        return made;
    }
}
