using Assay.Kernel.Lanes;
using Assay.Ledger;
using Assay.Ledger.Mirror;
using Assay.Ledger.Opening;
using Assay.Native;

namespace Assay.Engine.Workspaces;

/// <summary>A folder with a ledger and the files that are written from it.</summary>
public sealed class Workspace : IAsyncDisposable
{
    internal Workspace(string root, IEventStore store, LaneSet lanes)
    {
        Root = root;
        Store = store;
        Lanes = lanes;
        Mirror = new FileMirror(root);
    }

    /// <summary>Absolute path without a trailing slash, links resolved.</summary>
    public string Root { get; }

    public IEventStore Store { get; }

    /// <summary>The lanes of this build, whose streams and tables it holds.</summary>
    public LaneSet Lanes { get; }

    /// <summary>The files that are written from the ledger.</summary>
    public FileMirror Mirror { get; }

    /// <summary>Opens a workspace, creating it when it is not there.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="lanes">All lanes of this build.</param>
    /// <param name="time">The store's clock; null: the system's.</param>
    /// <exception cref="LedgerException">The ledger cannot be used.</exception>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    public static async Task<Workspace> OpenAsync(string path, LaneSet lanes, TimeProvider? time = null)
    {
        var setting = StoreSetting.Required();
        var root = Path.GetFullPath(path).TrimEnd('/');
        if (!Directory.Exists(root)) Create(root);
        root = RealPath.Of(root);
        Directory.CreateDirectory(WorkspacePaths.Attempts(root));
        Sweep.Run(root);
        return new Workspace(root, await Stores.OpenAsync(setting, WorkspacePaths.Ledger(root), time), lanes);
    }

    /// <summary>
    /// Opens a workspace to look at it: no lock is taken and nothing is created in it, so that it may lie where nothing can be written.
    /// </summary>
    /// <param name="path">Its folder.</param>
    /// <param name="lanes">All lanes of this build, whose tables are read.</param>
    /// <exception cref="LedgerException">The ledger cannot be used.</exception>
    public static async Task<Workspace> OpenForReadingAsync(string path, LaneSet lanes)
    {
        var setting = StoreSetting.Required();
        var root = RealPath.Of(Path.GetFullPath(path).TrimEnd('/'));
        Sweep.Run(root);
        var store = await Stores.OpenForReadingAsync(setting, WorkspacePaths.Ledger(root));
        if (!await new TableRebuild(store, lanes).IsNeededAsync()) return new Workspace(root, store, lanes);
        await store.DisposeAsync();
        return new Workspace(root, await Stores.OpenCopyAsync(setting, WorkspacePaths.Ledger(root)), lanes);
    }

    /// <summary>Version control passes over a new workspace: its record is evidence, not source.</summary>
    private static void Create(string root)
    {
        var above = root;
        while (Path.GetDirectoryName(above) is { } parent && !Directory.Exists(parent)) above = parent;
        try
        {
            Directory.CreateDirectory(root);
            File.WriteAllText(Path.Combine(root, ".gitignore"), "*\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TakeBack(root, above);
            throw new IOException($"{root}, where the record goes, cannot be made ({e.Message.TrimEnd('.')}): name another place with --workspace", e);
        }
    }

    /// <summary>Removes what was made of a workspace that could not be made whole, up to the first folder that was new.</summary>
    private static void TakeBack(string root, string above)
    {
        try
        {
            File.Delete(Path.Combine(root, ".gitignore"));
            for (var folder = root; folder.Length >= above.Length; folder = Path.GetDirectoryName(folder)!) Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else has put something there meanwhile, or it was never made.
        }
    }

    /// <summary>Whether a workspace is there.</summary>
    public static bool Exists(string path) => File.Exists(WorkspacePaths.Ledger(path));

    /// <summary>The absolute folder for the <c>Root</c> of an effect or a mirrored file: null is this workspace.</summary>
    public string Folder(string? root) => root is null ? Root : Path.GetFullPath(root).TrimEnd('/');

    /// <summary>Makes the tables of lanes that are not as this build has them, which is seldom; the rest costs one look.</summary>
    /// <param name="progress">Is told about once a second.</param>
    /// <param name="all">Whether all are made, as they are or not.</param>
    /// <returns>How many were made.</returns>
    /// <exception cref="LedgerException">An engine of another build is at work.</exception>
    public async Task<int> MakeTablesAsync(Action<RebuildProgress>? progress = null, bool all = false)
    {
        var rebuild = new TableRebuild(Store, Lanes, progress);
        if (!all && !await rebuild.IsNeededAsync()) return 0;

        // One at a time over all processes; whoever waited finds nothing left to do.
        await using var held = await Store.HoldTablesAsync();
        await DeadSessions.EndAsync(Store);
        return all ? await rebuild.AllAsync() : await rebuild.RunAsync();
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
