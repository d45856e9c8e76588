using System.Collections.Immutable;
using Assay.Native;

namespace Assay.Inputs;

/// <summary>
/// What an agent's program has to read besides what it is granted: itself, the packages that it was installed with, and, when it is a
/// script for node, that program with its own packages. Never the folder that they lie in, which may be somebody's home.
/// </summary>
internal static class AgentFiles
{
    private const string Packages = "/node_modules/";

    /// <summary>A program by its name; null when no folder of the path has it.</summary>
    /// <param name="name">Without a slash.</param>
    /// <param name="searchPath">Folders, with colons between them.</param>
    public static string? InPath(string name, string searchPath) => searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Files and folders, absolute. What lies in the system's folders is readable anyway.</summary>
    /// <param name="program">The agent's program, absolute.</param>
    /// <param name="searchPath">Where it will look for node.</param>
    public static ImmutableArray<string> Of(string program, string searchPath)
    {
        var real = HostPath.Real(program);
        var own = real.IndexOf(Packages, StringComparison.Ordinal) is var at and > 0 ? real[..(at + Packages.Length - 1)] : real;
        return IsForNode(real) && InPath("node", searchPath) is { } node ? [program, own, .. Node(node)] : [program, own];
    }

    private static IEnumerable<string> Node(string name)
    {
        var real = HostPath.Real(name);
        if (real.StartsWith("/usr/", StringComparison.Ordinal)) return [];
        var packages = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(real)) ?? "/", "lib", "node_modules");
        return Directory.Exists(packages) ? [name, real, packages] : [name, real];
    }

    private static bool IsForNode(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[64];
        var read = start[..file.Read(start)];
        return read.StartsWith("#!"u8) && read.IndexOf("node"u8) > 0;
    }
}
