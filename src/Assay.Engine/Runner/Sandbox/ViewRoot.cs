using Assay.Engine.Native;

namespace Assay.Engine.Runner.Sandbox;

/// <summary>
/// The file system as caged work sees it, built once in a mount namespace of its own: the system's programs and settings, read-only, a
/// few devices, and empty folders. Each run's thread gets a copy and adds what is its own, so that nothing else of the host is there at
/// all.
/// </summary>
internal static class ViewRoot
{
    /// <summary>Stands in place of a hidden file. It cannot be written to, like everything in the view.</summary>
    public const string EmptyFile = "/run/.hidden";

    /// <summary>Stand in place of the host's where names are answered by a gate.</summary>
    public static readonly (string File, string Path, string Text)[] OfGate =
    [
        ("/run/.resolv.conf", "/etc/resolv.conf", "nameserver 127.0.0.1\n"),
        ("/run/.hosts", "/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"),
    ];

    private const string RootOptions = "size=4m,nr_inodes=4k,mode=755";
    private const long Plain = ScriptMounts.NoSetUid | ScriptMounts.NoDevices;
    private const ulong ReadOnlyTree = MountTree.ReadOnly | MountTree.NoSetUid | MountTree.NoDevices;

    /// <summary>A folder that is there on every host, on which the new root is built before it takes the old one's place.</summary>
    private const string Stage = "/proc";

    private static readonly (string Name, string Target)[] DeviceLinks =
        [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")];

    private static readonly string[] Empty = ["/proc", "/sys", "/tmp", "/run", "/var", "/home", "/root", "/dev"];

    /// <summary>Builds the view and the root of its threads.</summary>
    /// <param name="above">The root whose threads begin in the engine's domain.</param>
    /// <param name="key">What runs of this view add that must have a place in it.</param>
    /// <param name="problem">Why there is none.</param>
    public static ThreadRoot? Start(ThreadRoot above, ViewKey key, out string? problem)
    {
        using var script = new SyscallScript();
        var trees = new List<MountTree>();
        try
        {
            CageScript.NameThread(script, "assay-view");
            script.Call("unshare mounts", SyscallNumbers.Unshare, ScriptMounts.NewMounts);
            script.Call("make / private", SyscallNumbers.Mount, 0, script.Text("/"), 0, ScriptMounts.Recursive | ScriptMounts.Private, 0);
            script.Mount("tmpfs", Stage, Plain, RootOptions);
            Fill(script, key, trees);
            script.Restrict(Stage, ScriptMounts.ReadOnly | Plain);
            Enter(script);
            return ThreadRoot.Start(above, script, out problem);
        }
        catch (IOException e)
        {
            problem = e.Message;
            return null;
        }
        finally
        {
            foreach (var tree in trees) tree.Dispose();
        }
    }

    private static void Fill(SyscallScript script, ViewKey key, List<MountTree> trees)
    {
        foreach (var folder in Empty.Concat(key.TopFolders)) script.MakeFolder(Stage + folder);
        script.MakeFile(Stage + EmptyFile);
        foreach (var (file, _, text) in OfGate) script.WriteFile(Stage + file, text);
        foreach (var programs in SystemPaths.Programs)
        {
            if (new FileInfo(programs).LinkTarget is { } target)
            {
                script.Call($"link {programs}", SyscallNumbers.SymLink, script.Text(target), script.Text(Stage + programs));
            }
            else if (Directory.Exists(programs))
            {
                Add(script, programs, ReadOnlyTree, trees);
            }
        }

        script.MakeFolder(Stage + "/etc");
        script.Mount("tmpfs", Stage + "/etc", Plain, RootOptions);
        foreach (var path in SystemPaths.Etc().Concat(key.Settings).Distinct(StringComparer.Ordinal)) Add(script, path, ReadOnlyTree, trees);
        script.Restrict(Stage + "/etc", ScriptMounts.ReadOnly | Plain);

        script.Mount("tmpfs", Stage + "/dev", ScriptMounts.NoSetUid | ScriptMounts.NoExecute, RootOptions);
        foreach (var device in SystemPaths.Devices) Add(script, device, MountTree.ReadOnly | MountTree.NoSetUid, trees);
        foreach (var (name, target) in DeviceLinks)
        {
            script.Call($"link /dev/{name}", SyscallNumbers.SymLink, script.Text(target), script.Text($"{Stage}/dev/{name}"));
        }

        script.MakeFolder(Stage + "/dev/shm");
        script.Restrict(Stage + "/dev", ScriptMounts.ReadOnly | ScriptMounts.NoSetUid | ScriptMounts.NoExecute);
        foreach (var path in SystemPaths.Hardware.Where(Directory.Exists)) Add(script, path, ReadOnlyTree, trees);
    }

    private static void Add(SyscallScript script, string path, ulong attributes, List<MountTree> trees)
    {
        var tree = MountTree.Of(path, attributes);
        trees.Add(tree);
        if (Directory.Exists(path))
        {
            script.MakeFolders(Stage, Stage + path);
        }
        else
        {
            script.MakeFolders(Stage, Stage + Path.GetDirectoryName(path));
            script.MakeFile(Stage + path);
        }

        tree.AttachAt(script, Stage + path);
    }

    /// <summary>The new root takes the place of the old one, which is gone from this namespace then.</summary>
    private static void Enter(SyscallScript script)
    {
        const long detach = 2;
        script.Call("chdir", SyscallNumbers.ChDir, script.Text(Stage));
        script.Call("pivot_root", SyscallNumbers.PivotRoot, script.Text("."), script.Text("."));
        script.Call("leave the old root", SyscallNumbers.UMount, script.Text("."), detach);
        script.Call("chdir /", SyscallNumbers.ChDir, script.Text("/"));
    }
}

/// <summary>What a view must have a place for, so that runs with the same needs share one.</summary>
/// <param name="TopFolders">Folders at the top that are no part of every system, such as <c>/work</c>, in order.</param>
/// <param name="Settings">Paths below /etc that a run may read besides the usual ones, in order.</param>
internal sealed record ViewKey(IReadOnlyList<string> TopFolders, IReadOnlyList<string> Settings)
{
    private const string SharedMemory = "/dev/shm";

    private static readonly string[] Standing = ["/etc", "/dev", SharedMemory, "/sys", "/proc", "/tmp", "/run", "/var", "/home", "/root"];

    /// <summary>The key of a run that is granted these paths.</summary>
    public static ViewKey Of(IEnumerable<string> paths)
    {
        var all = paths.ToList();
        return new ViewKey(
            [.. all.Select(Top).Except(Standing.Concat(SystemPaths.Programs), StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            [.. all.Where(p => p.StartsWith("/etc/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>
    /// The first folder of an absolute path, or the one for shared memory, which is a file system of the run's own like /tmp.
    /// </summary>
    public static string Top(string path)
    {
        if (MountOrder.IsBelow(path, SharedMemory)) return SharedMemory;
        return path.IndexOf('/', 1) is var slash and > 0 ? path[..slash] : path;
    }

    /// <summary>One text for one key.</summary>
    public override string ToString() => $"{string.Join('\0', TopFolders)}\n{string.Join('\0', Settings)}";
}
