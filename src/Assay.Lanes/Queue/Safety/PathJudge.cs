using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Assay.Kernel.Trees;

namespace Assay.Lanes.Queue.Safety;

/// <summary>What is wrong with a path that a command is given.</summary>
internal sealed class PathJudge
{
    private const string Below = "/**";

    /// <summary>PATH_MAX of Linux.</summary>
    private const int MaxLength = 4096;

    /// <summary>What a star of a secret's pattern is taken for, to see whether another pattern names such a secret too.</summary>
    private static readonly string[] Samples = ["", "x", "rsa"];

    private readonly ImmutableArray<(GlobPattern Glob, string? Folder)> _protected;
    private readonly ImmutableArray<(GlobPattern Glob, string? Folder)> _secret;
    private readonly ImmutableArray<string> _samples;

    /// <param name="paths">Globs that have been checked.</param>
    public PathJudge(GuardedPaths paths)
    {
        _protected = [.. paths.Protected.Select(Compile)];
        _samples = [.. paths.Secret.SelectMany(static glob => Samples.Select(s => glob.Replace("**/", "", StringComparison.Ordinal).Replace("**", "x", StringComparison.Ordinal).Replace("*", s, StringComparison.Ordinal)))];
        _secret = [.. paths.Secret.Select(static glob => Compile(glob.ToLowerInvariant()))];
    }

    /// <summary>The rule that forbids a path; null: none does.</summary>
    public string? Refused(string path, IWorkPlace place)
    {
        if (path.Length > MaxLength) return SafetyRules.TooLong;

        // As it is written and as it is reached: a link may have a harmless name, and a name may be that of a secret to come.
        if (place.Inside(path) is not { } inside) return SafetyRules.OutsideRoot;
        return Named(inside) ?? (Plain(path) is { } plain && plain != inside ? Named(plain) : null) ?? Pattern(path);
    }

    /// <summary>The path without <c>.</c> and <c>..</c>, as far as it has a meaning without looking.</summary>
    private static string? Plain(string path)
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

    /// <summary>Programs such as git take a path for a pattern: whether it names what nothing may name.</summary>
    private string? Pattern(string path)
    {
        if (!path.AsSpan().ContainsAny('*', '?', '[')) return null;
        var regex = new StringBuilder("^(.*/)?");
        for (var i = 0; i < path.Length; i++)
        {
            var close = path[i] == '[' ? path.IndexOf(']', Math.Min(i + 2, path.Length)) : -1;
            if (path[i] is '*') regex.Append(".*");
            else if (path[i] is '?' || close > 0) regex.Append('.');
            else regex.Append(Regex.Escape(path[i].ToString()));
            if (close > 0) i = close;
        }

        var pattern = BoundedPattern.Of(regex.Append('$').ToString(), RegexOptions.IgnoreCase);
        return _samples.Any(s => pattern.IsMatch(s)) ? SafetyRules.SecretPath : null;
    }

    private string? Named(string path)
    {
        if (path.Length == 0) return null;
        if (Matches(_protected, path)) return SafetyRules.ProtectedPath;
        return Matches(_secret, path.ToLowerInvariant()) ? SafetyRules.SecretPath : null;
    }

    /// <summary>Whether a glob names the path, a folder that it lies in, or what lies in the path.</summary>
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
