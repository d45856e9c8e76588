using Assay.Native;

namespace Assay.Engine.Native;

/// <summary>Words of a script that make folders and mounts.</summary>
internal static class ScriptMounts
{
    public const long ReadOnly = 1;
    public const long NoSetUid = 2;
    public const long NoDevices = 4;
    public const long NoExecute = 8;
    public const long Remount = 0x20;
    public const long Bind = 0x1000;
    public const long Recursive = 0x4000;
    public const long Private = 1 << 18;

    public const long NewMounts = 0x20000;
    public const long NewHostNames = 0x04000000;
    public const long NewIpc = 0x08000000;
    public const long NewNetwork = 0x40000000;

    private const long AnyMode = 0x1ED;

    /// <summary>Makes a folder and those above it, below a path that is there.</summary>
    public static void MakeFolders(this SyscallScript script, string below, string path)
    {
        if (path.Length <= below.Length) return;
        for (var slash = path.IndexOf('/', below.Length + 1); slash > 0; slash = path.IndexOf('/', slash + 1)) script.MakeFolder(path[..slash]);
        script.MakeFolder(path);
    }

    /// <summary>Makes a folder; one that is there already is as good.</summary>
    public static void MakeFolder(this SyscallScript script, string path) =>
        script.Call($"mkdir {path}", SyscallNumbers.MkDir, script.Text(path), AnyMode).OrNot();

    /// <summary>Makes an empty file to mount on.</summary>
    public static unsafe void MakeFile(this SyscallScript script, string path)
    {
        const long create = Libc.O_CREAT | Libc.O_CLOEXEC | Libc.O_WRONLY | Libc.O_NOFOLLOW;
        var file = (int*)script.Take(sizeof(int));
        script.Call($"create {path}", SyscallNumbers.Open, script.Text(path), create, 0x124).Into(file).OrNot();
        script.Call($"close {path}", SyscallNumbers.Close).With(file).OrNot();
    }

    /// <summary>Makes a file with a text in it.</summary>
    public static unsafe void WriteFile(this SyscallScript script, string path, string text)
    {
        const long create = Libc.O_CREAT | Libc.O_CLOEXEC | Libc.O_WRONLY | Libc.O_NOFOLLOW;
        var file = (int*)script.Take(sizeof(int));
        script.Call($"create {path}", SyscallNumbers.Open, script.Text(path), create, 0x124).Into(file);
        script.Call($"write {path}", SyscallNumbers.Write, 0, script.Text(text), System.Text.Encoding.UTF8.GetByteCount(text)).With(file);
        script.Call($"close {path}", SyscallNumbers.Close).With(file);
    }

    public static void Mount(this SyscallScript script, string kind, string path, long flags, string options) =>
        script.Call($"mount {kind} on {path}", SyscallNumbers.Mount, script.Text(kind), script.Text(path), script.Text(kind), flags, script.Text(options));

    /// <summary>Puts one file in place of another.</summary>
    public static SyscallScript BindOver(this SyscallScript script, string file, string path) =>
        script.Call($"cover {path}", SyscallNumbers.Mount, script.Text(file), script.Text(path), 0, Bind, 0);

    /// <summary>Changes how a mount of this namespace may be used; the file system below it stays as it is.</summary>
    public static void Restrict(this SyscallScript script, string path, long flags) =>
        script.Call($"restrict {path}", SyscallNumbers.Mount, 0, script.Text(path), 0, Remount | Bind | flags, 0);
}
