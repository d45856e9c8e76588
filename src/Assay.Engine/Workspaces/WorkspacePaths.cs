namespace Assay.Engine.Workspaces;

/// <summary>Where things lie in a workspace. Lanes name their own files below the same root.</summary>
public static class WorkspacePaths
{
    /// <summary>The default name of a workspace, below the current folder.</summary>
    public const string DefaultName = ".assay";

    /// <summary>The name of the ledger's file.</summary>
    public const string LedgerName = "ledger.db";

    public static string Ledger(string root) => Path.Combine(root, LedgerName);

    /// <summary>Whether a folder is a workspace.</summary>
    public static bool IsWorkspace(string root) => File.Exists(Ledger(root)) && Directory.Exists(Attempts(root));

    /// <summary>Marks of attempts that have begun and whose outcome is not in the ledger yet.</summary>
    public static string Attempts(string root) => Path.Combine(root, "attempts");

    /// <summary>Keys and tokens.</summary>
    public static string Keys(string root) => Path.Combine(root, "keys");

    /// <summary>What no work may reach, whatever it is granted.</summary>
    public static IEnumerable<string> Secret(string root) => [Ledger(root), Ledger(root) + "-wal", Ledger(root) + "-shm", Keys(root), Attempts(root)];
}
