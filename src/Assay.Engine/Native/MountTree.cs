using System.Runtime.InteropServices;
using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>
/// A copy of a part of the host's mounts, or a new one, attached nowhere until a spawning thread puts it into its own namespace.
/// </summary>
internal sealed unsafe class MountTree : IDisposable
{
    public const ulong ReadOnly = 0x1;
    public const ulong NoSetUid = 0x2;
    public const ulong NoDevices = 0x4;

    private const long Clone = 1;
    private const long CloseOnExec = 0x80000;
    private const long Recursive = 0x8000;
    private const long EmptyPath = 0x1000;
    private const long CurrentFolder = -100;
    private const ulong Private = 1 << 18;
    private const long FromEmptyPath = 4;

    /// <param name="fd">A detached mount, which is owned from now on.</param>
    public MountTree(int fd) => Fd = fd;

    public int Fd { get; private set; }

    /// <summary>struct mount_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }

    /// <summary>Copies what lies at a path, following links; what is mounted on the host later does not show in it.</summary>
    /// <exception cref="IOException">It is not there, or this process may not.</exception>
    public static MountTree Of(string path, ulong attributes)
    {
        using var name = new NativeStrings([path]);
        var fd = (int)Libc.Syscall(SyscallNumbers.OpenTree, CurrentFolder, (long)name.Array[0], Clone | CloseOnExec | Recursive, 0, 0, 0);
        if (fd < 0) throw new IOException($"open_tree {path}: {Libc.LastError()}");
        var tree = new MountTree(fd);
        var wanted = new Attributes { Set = attributes, Propagation = Private };
        using var empty = new NativeStrings([""]);
        if (Libc.Syscall(SyscallNumbers.MountSetAttr, fd, (long)empty.Array[0], EmptyPath | Recursive, (long)&wanted, sizeof(Attributes), 0) == 0) return tree;
        var problem = Libc.LastError();
        tree.Dispose();
        throw new IOException($"mount_setattr {path}: {problem}");
    }

    /// <summary>Has the spawning thread attach it at a path that is there.</summary>
    public void AttachAt(SyscallScript script, string path) => script.Call(
        $"mount {path}", SyscallNumbers.MoveMount, Fd, script.Text(""), CurrentFolder, script.Text(path), FromEmptyPath);

    public void Dispose()
    {
        if (Fd >= 0) _ = Libc.Close(Fd);
        Fd = -1;
    }
}
