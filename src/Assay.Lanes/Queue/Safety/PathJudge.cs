using System.Collections.Immutable;
using Assay.Kernel.Trees;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What is wrong with a path that a command is given.</summary>
internal sealed class PathJudge
{
    private const string Below = "/**";

    /// <summary>PATH_MAX of Linux.</summary>
    private const int MaxLength = 4096;

    private readonly ImmutableArray<(GlobPattern Glob, string? Folder)> _protected;
    private readonly ImmutableArray<(GlobPattern Glob, string? Folder)> _secret;

    /// <param name="paths">Globs that have been checked.</param>
    public PathJudge(GuardedPaths paths)
    {
        _protected = [.. paths.Protected.Select(Compile)];
        _secret = [.. paths.Secret.Select(static glob => Compile(glob.ToLowerInvariant()))];
    }

    /// <summary>The rule that forbids a path; null: none does.</summary>
    public string? Refused(string path, IWorkPlace place)
    {
        if (path.Length > MaxLength) return SafetyRules.TooLong;

        // As it is written and as it is reached: a link may have a harmless name, and a name may be that of a secret to come.
        if (place.Inside(path) is not { } inside) return SafetyRules.OutsideRoot;
        return Named(inside) ?? Named(Plain(path));
    }

    /// <summary>
    /// The rule that forbids a path which is taken for a pattern, as git does; null: none does. Only one whose stars stand before the ending of a
    /// name is let pass, and only when nothing that may not be named is the nearest that it names.
    /// </summary>
    public string? RefusedPattern(string path)
    {
        if (path.AsSpan().ContainsAny('?', '[', '\\')) return SafetyRules.NotListed;
        var star = path.LastIndexOf('*');
        if (star < 0) return null;
        var ending = path[(star + 1)..];
        if (!ending.StartsWith('.') || ending.Contains('/', StringComparison.Ordinal)) return SafetyRules.NotListed;
        return Named(path.Replace("*", "", StringComparison.Ordinal)) ?? Named(path.Replace("*", "x", StringComparison.Ordinal)) ?? Named(ending);
    }

    /// <summary>The path without <c>.</c> and <c>..</c>, as far as it has a meaning without looking.</summary>
    private static string Plain(string path)
    {
        var names = new List<string>();
        foreach (var name in path.Split('/'))
        {
            if (name is "" or ".") continue;
            if (name != "..") names.Add(name);
            else if (names.Count > 0) names.RemoveAt(names.Count - 1);
        }

        return string.Join('/', names);
    }

    private string? Named(string path)
    {
        if (path.Length == 0) return null;
        if (Matches(_protected, path)) return SafetyRules.ProtectedPath;
        return Matches(_secret, path.ToLowerInvariant()) ? SafetyRules.SecretPath : null;
    }

    /// <summary>Whether a glob names the path, a folder that it lies in, or the folder of which it names all.</summary>
    private static bool Matches(ImmutableArray<(GlobPattern Glob, string? Folder)> globs, string path)
    {
        for (var end = path.IndexOf('/', StringComparison.Ordinal); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            foreach (var (glob, folder) in globs)
            {
                if (glob.Matches(part) || folder == part) return true;
            }

            if (end < 0) return false;
        }
    }

    private static (GlobPattern Glob, string? Folder) Compile(string glob) =>
        (GlobPattern.Parse(glob)!, glob.EndsWith(Below, StringComparison.Ordinal) ? glob[..^Below.Length] : null);
}
