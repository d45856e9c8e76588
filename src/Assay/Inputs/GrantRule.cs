using System.Collections.Immutable;
using Assay.Engine;
using Assay.Engine.Workspaces;
using Assay.Kernel.Effects;
using Assay.Lanes.Shared;
using Assay.Native;

namespace Assay.Inputs;

/// <summary>
/// Checks the keys <c>reads</c>, <c>hides</c>, <c>hosts</c> and <c>network</c> of a document, and makes their paths absolute.
/// </summary>
internal static class GrantRule
{
    /// <summary>Folders of which nobody can mean all, since that is no cage.</summary>
    private static readonly string[] TooMuch = ["/", "/proc", "/sys", "/dev"];

    /// <summary>The grants of a document.</summary>
    /// <param name="folder">The folder of the document, which relative paths start from. They may leave it: granting is the person's decision.</param>
    /// <param name="keys">As the document says them.</param>
    /// <param name="level">The level, since none grants everything.</param>
    /// <param name="host">What this host can hold.</param>
    /// <param name="pointer">Where in the document the keys stand.</param>
    /// <param name="refuse">Takes what is wrong.</param>
    public static Grants Load(string folder, GrantKeys keys, SandboxLevel level, HostCapabilities host, string pointer, InputRefusal refuse)
    {
        if (level == SandboxLevel.None && !(keys.Reads.IsEmpty && keys.Hides.IsEmpty))
        {
            refuse($"{pointer}/sandbox", "sandbox", "reads and hides mean nothing with sandbox none: remove them, or choose a level");
        }

        return new Grants(Paths(folder, keys.Reads, $"{pointer}/reads", refuse), Paths(folder, keys.Hides, $"{pointer}/hides", refuse, isOpened: false))
        {
            Network = NetworkRule.Load(keys, level, host, pointer, refuse),
        };
    }

    /// <summary>Folders that may be changed, absolute.</summary>
    public static ImmutableArray<string> Writes(string folder, ImmutableArray<string> names, SandboxLevel level, string pointer, InputRefusal refuse)
    {
        if (level == SandboxLevel.None && !names.IsEmpty)
        {
            refuse(pointer, "sandbox", "means nothing with sandbox none, which keeps nothing away: remove it, or choose a level");
        }

        var paths = Paths(folder, names, pointer, refuse);
        foreach (var path in paths.Where(p => !Directory.Exists(p)))
        {
            refuse(pointer, "path", $"{path} is no folder, and only folders can be granted for writing");
        }

        return paths;
    }

    /// <summary>Why nobody can be granted a path; null when he can.</summary>
    /// <param name="path">Absolute.</param>
    public static string? Problem(string path)
    {
        var real = HostPath.Real(path);
        if (TooMuch.Contains(real)) return "is too much: name what is needed, or say sandbox: none";
        for (var at = real; at is not null; at = Path.GetDirectoryName(at))
        {
            if (WorkspacePaths.IsWorkspace(at)) return $"lies in the workspace {at}, which is not readable: name what it needs outside of it";
        }

        return null;
    }

    private static ImmutableArray<string> Paths(string folder, ImmutableArray<string> names, string pointer, InputRefusal refuse, bool isOpened = true)
    {
        var paths = ImmutableArray.CreateBuilder<string>();
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i].Length == 0)
            {
                refuse($"{pointer}/{i}", "path", "is empty: say . for the folder itself");
                continue;
            }

            var path = Path.GetFullPath(Path.Combine(folder, names[i]));
            if (path.Length > 1) path = path.TrimEnd('/');
            if (!Path.Exists(path)) refuse($"{pointer}/{i}", "path", $"{names[i]} does not exist ({path})");
            else if (isOpened && Problem(path) is { } problem) refuse($"{pointer}/{i}", "path", $"{path} {problem}");
            else paths.Add(path);
        }

        return paths.ToImmutable();
    }
}
