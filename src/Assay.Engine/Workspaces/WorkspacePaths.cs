namespace Assay.Engine.Workspaces;

/// <summary>Where things lie in a workspace. Lanes name their own files below the same root.</summary>
public static class WorkspacePaths
{
    /// <summary>The default name of a workspace, below the current folder.</summary>
    public const string DefaultName = ".assay";

    public static string Ledger(string root) => Path.Combine(root, "ledger.db");

    /// <summary>Marks of attempts that have begun and whose outcome is not in the ledger yet.</summary>
    public static string Attempts(string root) => Path.Combine(root, "attempts");

    /// <summary>Keys and tokens.</summary>
    public static string Keys(string root) => Path.Combine(root, "keys");

    /// <summary>What no work may reach, whatever it is granted.</summary>
    public static IEnumerable<string> Secret(string root) => [Ledger(root), Ledger(root) + "-wal", Ledger(root) + "-shm", Keys(root), Attempts(root)];
}
