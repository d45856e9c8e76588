using Assay.Native;
using Microsoft.Win32.SafeHandles;

namespace Assay.Engine.Performers.Files;

/// <summary>Names that are not taken yet: <c>name</c>, then <c>name.2</c>, <c>name.3</c> … Nothing that exists is ever used again.</summary>
internal static class FreshPath
{
    private const int MaxNumber = 100_000;

    /// <summary>Creates a folder under the first free name and returns that name, relative to the root.</summary>
    /// <exception cref="IOException">No folder can be created there.</exception>
    public static string CreateFolder(string root, string relative)
    {
        using var top = FolderHandle.MakeNamed(root);
        for (var number = 1; number < MaxNumber; number++)
        {
            var name = number == 1 ? relative : $"{relative}.{number}";
            if (top.TryMakeFolder(name)) return name;
        }

        throw UsedUp(root, relative);
    }

    /// <summary>
    /// Creates a file under the first free name, which is numbered before its extension: <c>stdout.json</c>, <c>stdout.2.json</c> … and
    /// returns that name, and the file to be written.
    /// </summary>
    /// <exception cref="IOException">No file can be created there.</exception>
    public static (string Name, SafeFileHandle File) CreateFile(string root, string relative)
    {
        using var top = FolderHandle.MakeNamed(root);
        var stem = Path.ChangeExtension(relative, null);
        var extension = Path.GetExtension(relative);
        for (var number = 1; number < MaxNumber; number++)
        {
            var name = number == 1 ? relative : $"{stem}.{number}{extension}";
            if (top.TryCreate(name) is { } file) return (name, file);
        }

        throw UsedUp(root, relative);
    }

    private static IOException UsedUp(string root, string relative) => new($"{relative} has been used {MaxNumber} times below {root}");
}
