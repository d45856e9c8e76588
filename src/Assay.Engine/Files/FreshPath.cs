using System.Runtime.InteropServices;
using Assay.Engine.Processes.Native;

namespace Assay.Engine.Files;

/// <summary>Names that are not taken yet: <c>name</c>, then <c>name.2</c>, <c>name.3</c> … Nothing that exists is ever used again.</summary>
internal static class FreshPath
{
    private const int MaxNumber = 100_000;

    /// <summary>Creates a folder under the first free name and returns that name, relative to the root.</summary>
    /// <exception cref="IOException">No folder can be created there.</exception>
    public static string CreateFolder(string root, string relative)
    {
        for (var number = 1; number < MaxNumber; number++)
        {
            var name = number == 1 ? relative : $"{relative}.{number}";
            var path = RootedPath.Resolve(root, name);
            if (Libc.MkDir(path, 0x1ED) == 0) return name;
            var error = Marshal.GetLastPInvokeError();
            if (error == Libc.ENOENT) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            else if (error != Libc.EEXIST) throw new IOException($"{path}: {Libc.LastError()}");
            if (error == Libc.ENOENT) number--;
        }

        throw new IOException($"{relative} has been used {MaxNumber} times below {root}");
    }

    /// <summary>The first free name for a file, numbered before its extension: <c>stdout.json</c>, <c>stdout.2.json</c> …</summary>
    public static string File(string root, string relative)
    {
        var stem = Path.ChangeExtension(relative, null);
        var extension = Path.GetExtension(relative);
        for (var number = 1; number < MaxNumber; number++)
        {
            var name = number == 1 ? relative : $"{stem}.{number}{extension}";
            if (!Path.Exists(RootedPath.Resolve(root, name)) && !RootedPath.IsLink(Path.Combine(root, name))) return name;
        }

        throw new IOException($"{relative} has been used {MaxNumber} times below {root}");
    }
}
